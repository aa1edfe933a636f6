//! Apache Parquet: a column a column, by name.
//!
//! Texts, dates and enum constants are strings, numbers INT64, floats DOUBLE, truth values BOOLEAN,
//! lists LIST, nil null. Reading takes integers of every width, DATE, and timestamps at midnight,
//! too. The index of such a file stands at its end, so that it is held in memory, packed as it is.

use std::io::{self, Read, Write};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::columns::{plain, whole};
use super::request::{ReadError, Request, Rows, WriteError, Written};
use super::{Column, Mistake, Place, Shape};
use crate::model::{Float, Value};
use crate::storage::interner::{NIL, boolean};
use crate::storage::{Interner, Word};

/// Rows decoded at a time.
const BATCH: usize = 8192;

fn broken(error: &ParquetError) -> io::Error {
    io::Error::other(error.to_string())
}

/// Reads all rows.
pub fn read(
    mut stream: impl Read,
    request: &Request<'_>,
    interner: &mut Interner,
) -> Result<Rows, ReadError> {
    let mut file = Vec::new();
    stream.read_to_end(&mut file)?;
    (request.progress)(file.len() as u64);
    // The file's own types are told alike by all programs; those that Arrow notes beside are not.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(file), options)
        .map_err(|error| broken(&error))?;
    let schema = Arc::clone(builder.schema());
    let fields = fields(request, &schema)?;
    let reader = builder.with_batch_size(BATCH).build().map_err(|error| broken(&error))?;
    let blank: Vec<Word> = request
        .columns
        .iter()
        .map(|column| column.default.as_ref().map_or(NIL, |value| interner.intern(value)))
        .collect();
    let width = blank.len();
    let mut rows = Rows::default();
    let mut found = Vec::new();
    for batch in reader {
        request.budget.check()?;
        let batch = batch.map_err(|error| io::Error::other(error.to_string()))?;
        let base = rows.words.len();
        for _ in 0..batch.num_rows() {
            rows.words.extend_from_slice(&blank);
        }
        for (at, field) in &fields {
            let (Some(column), Some(array)) = (request.columns.get(*at), batch.columns().get(*field)) else {
                continue;
            };
            for row in 0..array.len() {
                match cell(column, array, row, interner) {
                    Ok(word) => {
                        if let Some(slot) = rows.words.get_mut(base + row * width + at) {
                            *slot = word;
                        }
                    }
                    Err(why) => {
                        let message = format!("column `{}`: {why}", column.name);
                        found.push((rows.len + row + 1, *at, message));
                        if found.len() > request.max_mistakes {
                            break;
                        }
                    }
                }
            }
        }
        rows.len += batch.num_rows();
        if found.len() >= request.max_mistakes.max(1) {
            break;
        }
    }
    if found.is_empty() {
        return Ok(rows);
    }
    found.sort();
    let more = found.len() >= request.max_mistakes.max(1);
    found.truncate(request.max_mistakes.max(1));
    let found = found
        .into_iter()
        .map(|(row, _, message)| Mistake { place: Place::Row(row as u64), message, help: None })
        .collect();
    Err(ReadError::Mistakes { found, more })
}

/// By column of the relation that the file has: where it stands there.
fn fields(request: &Request<'_>, schema: &Schema) -> Result<Vec<(usize, usize)>, ReadError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let (fields, mut found) = request.fields(&names);
    for (at, field) in &fields {
        let Some(column) = request.columns.get(*at) else { continue };
        let kind = schema.field(*field).data_type();
        if !fits(&column.shape, kind) {
            let due = column.shape.describe();
            let message = format!("column `{}` is of type {kind}, where {due} is due", column.name);
            found.push(Mistake { place: Place::File, message, help: None });
        }
    }
    if found.is_empty() { Ok(fields) } else { Err(ReadError::Mistakes { found, more: false }) }
}

fn fits(shape: &Shape, kind: &DataType) -> bool {
    match (shape, kind) {
        (_, DataType::Null) => true,
        (Shape::Symbol | Shape::Date | Shape::Enum { .. } | Shape::Structured(_), DataType::Utf8) => true,
        (Shape::Date, DataType::Date32 | DataType::Timestamp(_, _)) => true,
        (Shape::Number | Shape::Float, kind) => {
            kind.is_integer() || matches!(kind, DataType::Float32 | DataType::Float64)
        }
        (Shape::Bool, DataType::Boolean) => true,
        (Shape::List(item), DataType::List(field)) => fits(item, field.data_type()),
        _ => false,
    }
}

fn cell(column: &Column, array: &ArrayRef, row: usize, interner: &mut Interner) -> Result<Word, String> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return if column.optional {
            Ok(NIL)
        } else {
            Err(format!("null stands where {} is due", column.shape.describe()))
        };
    }
    word(&column.shape, array, row, interner)
}

/// The word of a value that is not null, of a type that [`fits`].
fn word(shape: &Shape, array: &ArrayRef, row: usize, interner: &mut Interner) -> Result<Word, String> {
    match shape {
        Shape::Symbol => Ok(interner.symbol(array.as_string::<i32>().value(row))),
        Shape::Number => integer(array, row).map(|number| interner.number(number)),
        Shape::Float => {
            let number = match array.data_type() {
                DataType::Float64 => array.as_primitive::<Float64Type>().value(row),
                DataType::Float32 => f64::from(array.as_primitive::<Float32Type>().value(row)),
                _ => integer(array, row)? as f64,
            };
            Ok(interner.float(Float::new(number)))
        }
        Shape::Bool => Ok(boolean(array.as_boolean().value(row))),
        Shape::Date | Shape::Enum { .. } | Shape::Structured(_) => {
            let text = match array.data_type() {
                DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
                _ => day(array, row)?,
            };
            let value = shape.parse(&text).map_err(|why| format!("`{text}` {why}"))?;
            Ok(interner.intern(&value))
        }
        Shape::List(item) => {
            let items = array.as_list::<i32>().value(row);
            let words: Result<Vec<Word>, String> = (0..items.len())
                .map(|at| if items.is_null(at) { Ok(NIL) } else { word(item, &items, at, interner) })
                .collect();
            Ok(interner.list(&words?))
        }
    }
}

fn integer(array: &ArrayRef, row: usize) -> Result<i64, String> {
    let float = |number: f64| whole(number).ok_or_else(|| format!("`{number:?}` is no whole number"));
    Ok(match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => {
            let number = array.as_primitive::<UInt64Type>().value(row);
            i64::try_from(number).map_err(|_| format!("`{number}` does not fit into 64 bits with a sign"))?
        }
        DataType::Float32 => float(f64::from(array.as_primitive::<Float32Type>().value(row)))?,
        _ => float(array.as_primitive::<Float64Type>().value(row))?,
    })
}

/// A DATE, or a timestamp at midnight, as `2025-11-06`.
fn day(array: &ArrayRef, row: usize) -> Result<String, String> {
    let of = |ticks: i64, a_day: i64| {
        if ticks.rem_euclid(a_day) == 0 {
            Ok(ticks.div_euclid(a_day))
        } else {
            Err("a timestamp with a time of day stands where a date is due".to_owned())
        }
    };
    const DAY: i64 = 86_400;
    let days = match array.data_type() {
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).into(),
        DataType::Timestamp(TimeUnit::Second, _) => {
            of(array.as_primitive::<TimestampSecondType>().value(row), DAY)?
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            of(array.as_primitive::<TimestampMillisecondType>().value(row), DAY * 1_000)?
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            of(array.as_primitive::<TimestampMicrosecondType>().value(row), DAY * 1_000_000)?
        }
        _ => of(array.as_primitive::<TimestampNanosecondType>().value(row), DAY * 1_000_000_000)?,
    };
    Ok(civil(days))
}

/// The date of a day counted from 1970-01-01 (H. Hinnant, `civil_from_days`).
fn civil(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Writes all rows, packed with Snappy.
pub fn write(out: &mut (dyn Write + Send), written: &Written<'_>) -> Result<(), WriteError> {
    if written.columns.is_empty() {
        let message = format!("a Parquet file needs a column, and `{}` has none", written.relation);
        return Err(WriteError::Unfit(message));
    }
    let failed = |error: ParquetError| WriteError::Io(broken(&error));
    let fields: Vec<Field> = written
        .columns
        .iter()
        .map(|column| Field::new(&*column.field, kind(&column.shape), column.optional))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(failed)?;
    let width = written.columns.len();
    written.blocks(|words, _| {
        let arrays = written
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let mut builder = builder(&column.shape);
                for word in words.iter().skip(at).step_by(width) {
                    append(&mut *builder, &column.shape, &written.interner.value(*word));
                }
                builder.finish()
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)
            .map_err(|error| WriteError::Io(io::Error::other(error.to_string())))?;
        writer.write(&batch).map_err(failed)
    })?;
    writer.close().map_err(failed)?;
    Ok(())
}

fn kind(shape: &Shape) -> DataType {
    match shape {
        Shape::Symbol | Shape::Date | Shape::Enum { .. } | Shape::Structured(_) => DataType::Utf8,
        Shape::Number => DataType::Int64,
        Shape::Float => DataType::Float64,
        Shape::Bool => DataType::Boolean,
        Shape::List(item) => DataType::List(Arc::new(Field::new("item", kind(item), true))),
    }
}

fn builder(shape: &Shape) -> Box<dyn ArrayBuilder> {
    match shape {
        Shape::Symbol | Shape::Date | Shape::Enum { .. } | Shape::Structured(_) => {
            Box::new(StringBuilder::new())
        }
        Shape::Number => Box::new(Int64Builder::new()),
        Shape::Float => Box::new(Float64Builder::new()),
        Shape::Bool => Box::new(BooleanBuilder::new()),
        Shape::List(item) => Box::new(ListBuilder::new(builder(item))),
    }
}

/// Appends a value to the builder of its shape; what is not of the shape becomes null.
fn append(builder: &mut dyn ArrayBuilder, shape: &Shape, value: &Value) {
    let any = builder.as_any_mut();
    if let Some(texts) = any.downcast_mut::<StringBuilder>() {
        texts.append_option((!value.is_nil()).then(|| plain(value)));
    } else if let Some(numbers) = any.downcast_mut::<Int64Builder>() {
        numbers.append_option(match value {
            Value::Number(number) => Some(*number),
            _ => None,
        });
    } else if let Some(floats) = any.downcast_mut::<Float64Builder>() {
        floats.append_option(match value {
            Value::Float(float) => Some(float.get()),
            _ => None,
        });
    } else if let Some(truths) = any.downcast_mut::<BooleanBuilder>() {
        truths.append_option(match value {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        });
    } else if let (Some(lists), Shape::List(item)) =
        (any.downcast_mut::<ListBuilder<Box<dyn ArrayBuilder>>>(), shape)
    {
        if let Value::List(items) = value {
            for value in items.iter() {
                append(&mut **lists.values(), item, value);
            }
        }
        lists.append(matches!(value, Value::List(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_858, "2024-05-15"),
            (-719_468, "0000-03-01"),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
