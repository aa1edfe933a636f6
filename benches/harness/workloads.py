"""The workloads: a program of `programs/` on one folder of input."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Workload:
    """A program with its input."""

    name: str
    # The program: `programs/PROGRAM.dl`.
    program: str
    # The folder of its input below the folder of all inputs.
    folder: str
    # Relations that the rules derive: where Soufflé's user may ask for another representation.
    derived: tuple = ()
    # A file that is written, whose rows all engines have to agree on.
    written: str = ""
    # A few words for the table.
    about: str = field(default="", compare=False)

    @property
    def peer_name(self):
        """The program's name in the peers."""
        return self.program.rpartition("/")[2]

    @property
    def path(self):
        """The path of the program below `programs/`."""
        return f"{self.program}.dl"


def tc(name, about):
    return Workload(name, "tc", name, ("tc",), about=about)


CSPA = ("ValueFlow", "MemoryAlias", "ValueAlias")

# The twelve workloads on inputs that `generate` makes.
GENERATED = [
    tc("tc_rand", "closure with many duplicates"),
    tc("tc_chain", "closure in 2 000 rounds"),
    tc("tc_road", "closure of a road graph"),
    tc("tc_social", "closure of a dense social graph"),
    Workload("sg_tree", "sg", "sg_tree", ("sg",), about="same generation in a tree"),
    Workload("sg_rand", "sg", "sg_rand", ("sg",), about="same generation, many duplicates"),
    Workload("andersen", "andersen", "andersen", ("pointsTo",), about="points-to analysis"),
    Workload("cspa_gen", "cspa", "cspa_gen", CSPA, about="alias analysis"),
    Workload("tri", "tri", "tri", ("tri",), about="triangles among 10⁶ edges"),
    Workload("clq4", "clq4", "tri", ("clq",), about="4-cliques among the same"),
    Workload("neg", "neg", "neg", ("reach", "unreached", "rg"), about="reach, what is not reached, count"),
    Workload("load", "load", "load", ("out",), "out.csv", about="5·10⁶ rows read, joined, written"),
]

# The same programs on inputs that are not ours to give: used when the folder of `--data` has them.
GIVEN = [
    tc("tc_lux", "closure of a real road graph"),
    tc("tc_fb", "closure of a real social graph"),
    Workload("cspa", "cspa", "cspa", CSPA, about="alias analysis of a real program"),
]



def more(name, about, folder="", derived=()):
    return Workload(name, f"more/{name}", folder or name, derived, about=about)


# Other programs, so that nothing is tuned to the twelve.
MORE = [
    more("nonlinear", "closure with both atoms recursive", derived=("path",)),
    more("path_from", "paths from one node of 10⁷ edges, by demand", "blocks"),
    more("reach_one", "what one node of 10⁷ edges reaches", "blocks", ("reach",)),
    more("names", "closure over texts", derived=("needs",)),
    more("cousins", "same generation over texts", derived=("cousin",)),
    more("parity", "mutual recursion", derived=("odd", "even")),
    more("labels", "recursion in three columns", derived=("path",)),
    more("steps", "recursion with arithmetic", derived=("walk",)),
    more("orders", "five tables with skewed keys", derived=("local",)),
    more("chain", "a long join, selective at its end", derived=("ends",)),
    more("totals", "aggregates over groups of 10⁶ rows"),
    more("layers", "negation in nine strata"),
    more("pentagon", "a cyclic body of five atoms", derived=("five",)),
    more("ontology", "classification in EL, as Galen", derived=("is", "some")),
    more("text", "the order of a text of several writers"),
    more("objects", "points-to with fields and calls, as Doop", derived=("points", "field")),
]

# Start-up, not speed: a program on twenty facts.
TINY = Workload("tiny", "tc", "tiny", ("tc",), about="start-up: closure of 20 facts")
