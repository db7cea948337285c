"""Checks on the hand-written sentence templates, one file per attribute."""

import itertools
import re
from pathlib import Path

import pytest

TEMPLATE_DIR = Path(__file__).parents[2] / "pipeline/data/templates"

TEMPLATES_PER_ATTRIBUTE = 25

# Phrases that give an attribute away in the text before [Y]. Matched as whole
# words, ignoring case.
CUES = {
    "birth_date": [
        "born on",
        "birth on",
        "date of birth",
        "birthday",
        "stork",
        "birth certificate",
        "birth took place on",
        "world on",
        "life",
        "light of day",
        "breath",
        "newborn",
        "baby",
        "age",
        "alive",
        "delivered safely",
        "opened both eyes",
        "existence",
        "labor",
        "turned one",
        "parents",
        "human race",
    ],
    "birth_city": [
        "born in",
        "born and raised",
        "gave birth in",
        "by birth",
        "place of birth",
        "birth was officially registered in",
        "birthplace",
        "world in",
        "native",
        "hails from",
        "roots",
        "origins",
        "hometown",
        "infancy",
        "infant",
        "toddler",
        "childhood",
        "child of",
        "cradle",
        "first cry",
        "first home",
        "learned to walk",
        "maternity",
        "midwife",
    ],
    "current_city": [
        "lives in",
        "living in",
        "resides in",
        "resident",
        "residence",
        "dwells",
        "inhabits",
        "based in",
        "settled down",
        "stay for good",
        "current home",
        "family home",
        "walks home",
        "keeps a house",
        "household",
        "apartment",
        "roof",
        "address",
        "mail",
        "taxes",
        "neighbors",
        "visitors",
        "wakes up",
        "moved",
        "relocated",
    ],
    "university": [
        "degree from",
        "graduated",
        "graduate of",
        "undergraduate studies",
        "alma mater",
        "alumni",
        "student",
        "freshman",
        "matriculated",
        "scholarship",
        "tuition",
        "diploma",
        "cap and gown",
        "campus",
        "college",
        "dormitory",
        "lectures",
        "lecturers",
        "professors",
        "education",
        "schooling",
        "academic",
        "higher learning",
        "study at",
        "entrance examination",
    ],
    "major": [
        "major",
        "degree in",
        "field of",
        "specialized",
        "specialty",
        "concentration",
        "discipline",
        "subject",
        "courses",
        "curriculum",
        "exams in",
        "training in",
        "thesis",
        "research in",
        "reading to",
        "knowledge of",
        "theory",
        "principles",
        "concepts",
        "expert in",
        "scholar",
        "talent for",
        "passion for",
        "credentials",
    ],
    "company": [
        "employed by",
        "employer",
        "employee",
        "works full time",
        "work with",
        "company",
        "position at",
        "salary",
        "payroll",
        "career",
        "contract",
        "job",
        "staff",
        "recruited",
        "executive",
        "team",
        "professional",
        "office",
        "business",
        "colleagues",
        "clients",
        "directors",
        "ranks",
        "products",
    ],
}
ATTRIBUTES = list(CUES)

# Words too common to count when two wordings are compared.
STOP_WORDS = set(
    """
    a an and as at by for from has in is of on that the to was with
    """.split()
)

PERSONAL_PRONOUNS = set(
    """
    he she him her his hers himself herself they them their theirs themselves themself it its itself who
    whom whose i me my we us our you your
    """.split()
)
GENDERED_NOUNS = set(
    """
    man woman boy girl son daughter mr mrs ms brother sister husband wife alumnus alumna actress
    chairman businessman businesswoman
    """.split()
)


def load(attribute):
    return (TEMPLATE_DIR / f"{attribute}.txt").read_text(encoding="ascii").splitlines()


def before_value(template):
    """The text up to [Y], with [X] in it."""
    return template.split("[Y]")[0].rstrip(" ")


def words(template):
    """Whitespace-separated words, placeholders (and [X]'s) left out."""
    return [w for w in template.split() if "[X]" not in w and "[Y]" not in w]


def bare_words(template):
    return [w.strip(".,").lower() for w in words(template)]


def matching_cues(attribute, text):
    return [
        cue for cue in CUES[attribute] if re.search(rf"(?<!\w){re.escape(cue)}(?!\w)", text, re.IGNORECASE)
    ]


def mean_words(templates):
    return sum(len(words(t)) for t in templates) / len(templates)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_file_layout(attribute):
    raw = (TEMPLATE_DIR / f"{attribute}.txt").read_bytes()
    assert raw.endswith(b".\n")
    assert b"\r" not in raw
    lines = raw.decode("ascii").split("\n")[:-1]
    assert len(lines) == TEMPLATES_PER_ATTRIBUTE
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_placeholders(attribute):
    for t in load(attribute):
        assert t.count("[X]") == 1, t
        assert t.count("[Y]") == 1, t
        assert t.index("[X]") < t.index("[Y]"), t
        rest = t.replace("[X]", "").replace("[Y]", "")
        assert not re.search(r"[\[\]]", rest), t


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_placeholder_surroundings(attribute):
    for t in load(attribute):
        for placeholder in ("[X]", "[Y]"):
            start = t.index(placeholder)
            left, right = t[:start], t[start + len(placeholder) :]
            assert left == "" or re.search(r"[^ ] $", left), t
            assert re.match(r" [a-zA-Z\[]|'s |, |\.$", right), t


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_sentence_form(attribute):
    for t in load(attribute):
        assert t.endswith("."), t
        assert not re.search(r"[.!?;:]", t[:-1]), t
        assert t.isascii() and t.isprintable(), t
        assert not re.search(r"\d", t), t
        assert "  " not in t and t == t.strip(), t
        assert t[0].isupper() or t[0] == "[", t


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_neutral_wording(attribute):
    for t in load(attribute):
        assert not set(bare_words(t)) & (PERSONAL_PRONOUNS | GENDERED_NOUNS), t


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_no_article_before_value(attribute):
    for t in load(attribute):
        assert not re.search(r"\b(the|a|an)$", before_value(t), re.IGNORECASE), t


def test_no_in_before_birth_date():
    for t in load("birth_date"):
        assert not re.search(r"\bin$", before_value(t), re.IGNORECASE), t


def test_all_distinct():
    everything = [t.lower() for a in ATTRIBUTES for t in load(a)]
    assert len(set(everything)) == TEMPLATES_PER_ATTRIBUTE * len(ATTRIBUTES)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_text_before_value_distinct_within_attribute(attribute):
    prefixes = [before_value(t).lower() for t in load(attribute)]
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_wording_differs_within_attribute(attribute):
    """Content words before [Y]: no two templates share more than half of them."""
    for s, t in itertools.combinations(load(attribute), 2):
        a, b = (set(bare_words(before_value(u))) - STOP_WORDS for u in (s, t))
        assert a and b, (s, t)
        assert len(a & b) <= len(a | b) / 2, (s, t)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_text_before_value_distinct_between_attributes(attribute):
    own = {before_value(t).lower() for t in load(attribute)}
    for other in ATTRIBUTES:
        if other != attribute:
            assert not own & {before_value(t).lower() for t in load(other)}, other


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_cues_tell_the_attribute_before_value(attribute):
    for t in load(attribute):
        prefix = before_value(t)
        assert matching_cues(attribute, prefix), t
        for other in ATTRIBUTES:
            if other != attribute:
                assert not matching_cues(other, prefix), (t, other)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_cue_is_used(attribute):
    used = {cue for t in load(attribute) for cue in matching_cues(attribute, before_value(t))}
    assert used == set(CUES[attribute])


def test_cue_lists_are_disjoint():
    cues = [c.lower() for a in ATTRIBUTES for c in CUES[a]]
    assert len(set(cues)) == len(cues)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_length(attribute):
    templates = load(attribute)
    for t in templates:
        assert 3 <= len(words(t)) <= 9, t
    assert 5 <= mean_words(templates) <= 6


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_openings_and_endings(attribute):
    templates = load(attribute)
    words_first = [t for t in templates if not t.startswith("[X]")]
    words_after = [t for t in templates if not t.endswith("[Y].")]
    assert 4 <= len(words_first) <= 7
    assert len(words_after) <= 4


def test_vocabulary_is_moderate():
    vocabulary = {w for a in ATTRIBUTES for t in load(a) for w in bare_words(t)}
    assert len(vocabulary) <= 400
