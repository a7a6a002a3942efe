"""Fits the score of `tutor.support`: is a claim supported by the sentences that it cites?

    python -m evals.grounding.support ../shared/grounding --wordnet /usr/share/wordnet --written tests/support.jsonl

There are no pairs of claim and citation in the training sets, so claims are made from their passages: true ones are
sentences shortened, reworded by WordNet, turned, joined, with a pronoun replaced by its name, and questions of people
as statements; false ones cite another sentence, or have a detail, predicate, noun or end of another sentence, roles
swapped, a part said of all, or one of two halves wrong. They are fitted on training titles that the grounder was not
trained on, and measured on the dev set without its SelQA part, where the threshold is chosen. ``--written`` measures
on pairs written by hand, which nothing is fitted on.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.optimize import minimize

from evals.grounding.calibrate import Scores, calibration_error
from evals.grounding.examples import Row, held_out, read_rows
from evals.grounding.vectors import vectors_of
from evals.grounding.wordnet import WordNet
from tutor.embedder import unpack_builtin_model
from tutor.grounder import Grounder, load_grounder
from tutor.index import Vector
from tutor.rules import RULES
from tutor.settings import Settings
from tutor.support import FEATURES, features, texts
from tutor.words import STOP_WORDS, content_stems, words

SEED = 7
SIGNS = (-1, -1, 1, 1)  # of the features: what is strange speaks against a claim
RIDGE = 1e-3
FALSE_ACCEPTS = 0.08  # of the false claims, each kind weighed alike: fewer would cost most of the true ones
SHARES = {"asked": 3.0, "reworded": 2.0, "turned": 0.5}  # of the true claims: the more alike to a model's, the more
LONGEST = 36  # words of a sentence that claims are made from
ALSO_CITED = 0.2  # of the claims: another sentence of the passage, which adds nothing

_LEAD = re.compile(
    r"^(?:in|on|at|after|before|during|by|as|when|while|since|although|because|despite|with|from|for|then|however|also"
    r"|later|today|now|once|so|but|and)\b[^,;]{0,70}, ",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r" ?\([^()]*\)|, (?:which|who|whose|where|a|an|the|also|as|including|such as)\b[^,;.]{3,80}(?=, )(?:, )?"
)
_TAIL = re.compile(r"(?:[,;:] |\s(?=(?:because|when|while|where|so that|in order to|after|before|until)\b)).*")
_HALVES = re.compile(r"(?:; |, (?:and|but|so) )(?=(?:the|he|she|it|they|his|her|their|an?|this|these|that|[A-Z]\w+)\b)")
_END = re.compile(r", | (?=(?:and|but|because|when|while|after|before|so|in|to|for|with|from|by|that)\b)")
_DETAIL = re.compile(
    r"(?:, (?:which|who|where|because|so|while)|\s(?:with|because|for|from|by|to|in order to|after|while|against"
    r"|through|under|without|near|in the)) (?:[\w'-]+ ){1,7}[\w'-]+(?=\.$|,)"
)
_VERB = re.compile(
    r"\b(?:was|were|is|are|had|has|have|did|does|can|could|would|will|must|should|may|might|[a-z]{2,}ed|became|began"
    r"|came|fell|felt|found|gave|went|got|grew|held|kept|knew|led|left|lost|made|met|ran|said|saw|sent|set|sat|sold"
    r"|spoke|stood|took|taught|thought|told|won|wrote|built|brought|bought|broke|caught|chose|drew|drove|ate|flew"
    r"|fought|forgot|heard|hid|hit|laid|lay|put|rose|sang|shot|slept|spent|stole|threw|wore|contains?|includes?"
    r"|refers?|occurs?|consists?|uses?|features?|plays?|means?)\b",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"(?:when|as|if|in|on|at|for|by|after|before|while|although|because|since|that|there|who|what|which|how|why|where"
    r"|so|but|and|then|to|with|from|once|now|therefore)\b|\W",
    re.IGNORECASE,
)
_PARTICIPLE = (
    r"(?:\w+ed|born|built|held|made|found|written|taken|given|sent|sold|won|lost|begun|shown|known|seen|put|cut|set|led"
    r"|left|kept|able|called)"
)
_PASSIVE = re.compile(
    r"(?P<what>[^,;:()]{2,60}?) (?:was|were) (?P<verb>\w+ed|built|held|made|found|won|led|sent|sold) "
    r"(?P<rest>[^,;:()]{0,60}?)\bby (?P<doer>(?!\d)[^,;:()]{3,50}?)\.",
    re.IGNORECASE,
)
_WAS = re.compile(r"(?P<what>(?:the|an?|this|that) [^,;:()]{2,50}?) (?P<be>was|is) (?P<rest>[^;:]{8,160})", re.I)
_PRONOUN = re.compile(r"(?:he|she|it|they)\b(?!['’])", re.IGNORECASE)
_WHO = re.compile(
    r"(?P<asked>who|(?:what|which) [a-z]+(?= [a-z]+(?:ed|s)\b)|what(?= [a-z]+(?:ed|s)\b)) "
    rf"(?P<rest>(?:(?:is|was|are|were|has|have|had|can|could|would) {_PARTICIPLE}\b"
    r"|(?!(?:is|was|are|were|did|does|do|has|have|had|can|could|would|will|should)\b)).+?)\W*$",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"(?:when|where|why|how|(?:in|on|at)? ?what (?:year|date|time|place)) (?P<be>did|does|do|was|were|is|are|has|have"
    r"|had|can|could) (?P<rest>.+?)\W*$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(rf"(?P<subject>(?:\S+ ){{1,6}}?)(?P<rest>{_PARTICIPLE}\b.*)$", re.IGNORECASE)
_NOUN = re.compile(r"\b(?:[Tt]he|[Hh]is|[Hh]er|[Aa]n?) [a-z]{3,}\b|(?<!^)\b[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
_ALIKE = re.compile(r"\s*(?:,|and|or|, and|with)\s*|.*\b(?:is|are|was|were|met|married)\s*")
_TOKEN = re.compile(r"\w+(?:[-'’]\w+)*")
_GENERAL = (
    (re.compile(r"\b(?:some|many|most|several|a few|few)(?: of)?(?= (?:the )?[a-z]+s\b)", re.IGNORECASE), "all"),
    (re.compile(r"\b(?:often|sometimes|usually|frequently|generally|occasionally|mostly|mainly|partly)\b"), "always"),
    (re.compile(r"\b(?:may|might|could)\b(?= [a-z])"), "must"),
    (re.compile(r"^(?:the|this|that|an?) (?=[a-z]+ (?:was|is|had|has)\b)", re.IGNORECASE), "every "),
    (re.compile(r"\bone of the (?=[a-z]+)"), "the only one of the "),
)


@dataclass(frozen=True)
class Claim:
    """A sentence with what it cites, whether that supports it, and how it was made."""

    text: str
    spans: tuple[str, ...]
    supported: bool
    kind: str


# --- sentences -------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return ``text`` without the spaces and quotes of the sets' tokenizers."""
    text = re.sub(r"``|''", '"', text)
    text = re.sub(r"\s+([,.;:!?%)\]])", r"\1", re.sub(r"([(\[$])\s+", r"\1", text))
    text = re.sub(r"\s+(n't|['’](?:s|re|ve|ll|d|m)\b|['’](?=\s))", r"\1", text)
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return ``text`` with a capital and a full stop."""
    text = text.strip(" ,;:")
    return text[:1].upper() + text[1:] + ("" if text[-1:] in '.!?"' else ".")


def says_something(text: str) -> bool:
    """Return whether ``text`` is long enough to be a claim."""
    return len(words(text)) > 3 and len(content_stems(text, "en")) > 1


def shortened(text: str, draw: random.Random) -> str:
    """Return ``text`` without what stands in brackets, before or behind its main clause, or as a half of it; or ""."""
    short = _TAIL.sub("", text, count=1)
    made = [_LEAD.sub("", text), plain(_ASIDE.sub(" ", text)), short, _LEAD.sub("", short), *_HALVES.split(text)]
    made = [sentence(m) for m in made if says_something(m) and words(m) != words(text)]
    made = [m for m in made if _VERB.search(m) and not _NO_SUBJECT.match(m)]
    return draw.choice(made) if made else ""


def clause(text: str) -> tuple[str, str] | None:
    """Return subject and predicate of a plain sentence, else None."""
    verb = _VERB.search(text)
    if not verb or _NO_SUBJECT.match(text):
        return None
    subject, predicate = text[: verb.start()].strip(), re.split(r"[;:]|, ", text[verb.start() :])[0]
    fits = subject and "," not in subject and len(subject.split()) < 8 and len(predicate.split()) > 2
    return (subject, predicate) if fits else None


def turned(text: str) -> str:
    """Return a passive as an active sentence, another as "It was … that …"; "" for most."""
    if _NO_SUBJECT.match(text):
        return ""
    if match := _PASSIVE.fullmatch(text):
        return sentence(f"{match['doer']} {match['verb']} {_inside(match['what'])} {match['rest']}")
    if match := _WAS.fullmatch(text):
        return sentence(f"it {match['be']} {_inside(match['what'])} that {match['be']} {match['rest']}")
    return ""


def resolved(before: str, text: str) -> str:
    """Return ``text`` with the subject of the sentence before in the place of its first pronoun; or ""."""
    pronoun, named = _PRONOUN.match(text), clause(before)
    if not pronoun or not named or len(named[0].split()) > 4 or _PRONOUN.match(before):
        return ""
    return sentence(named[0] + text[pronoun.end() :])


def stated(question: str) -> str:
    """Return what a question takes for granted as a statement, in its own words; "" where that is not simple."""
    if match := _WHO.match(question):
        asked = match["asked"].lower().split()
        return sentence(
            f"{'they' if asked == ['who'] else 'it' if len(asked) == 1 else f'a {asked[1]}'} {match['rest']}"
        )
    if not (match := _WHEN.match(question)):
        return ""
    if match["be"].lower() in ("did", "does", "do"):
        return sentence(match["rest"])
    inner = _SUBJECT.match(match["rest"])
    return sentence(f"{inner['subject']}{match['be']} {inner['rest']}") if inner else ""


def roles_swapped(text: str, draw: random.Random) -> str:
    """Return ``text`` with two of its nouns or names changed round, a verb between them; or ""."""
    found = list(_NOUN.finditer(text))
    apart = [
        (a, b)
        for at, a in enumerate(found)
        for b in found[at + 1 :]
        for between in (text[a.end() : b.start()],)
        if a.group().lower() != b.group().lower() and _VERB.search(between) and not _ALIKE.fullmatch(between)
    ]
    if not apart:
        return ""
    a, b = draw.choice(apart)
    return sentence(text[: a.start()] + b.group() + text[a.end() : b.start()] + _inside(a.group()) + text[b.end() :])


def generalised(text: str) -> str:
    """Return ``text`` said of all, always or of need; "" where nothing limits it."""
    return next((sentence(made) for limit, to in _GENERAL if (made := limit.sub(to, text, count=1)) != text), "")


def _inside(text: str) -> str:
    """Return the beginning of a sentence as it stands inside one."""
    return text[0].lower() + text[1:] if text.split()[0].lower() in STOP_WORDS | {"the"} else text


def _replaced(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, count=1)


# --- claims ----------------------------------------------------------------------------------------------------------


class Claims:
    """Makes claims from rows, with a seed; without ``wordnet`` none is reworded or turned to its opposite."""

    def __init__(self, rows: Sequence[Row], seed: int, wordnet: WordNet | None = None) -> None:
        self.draw = random.Random(seed)
        self.wordnet = wordnet
        self.rows = [
            replace(row, question=plain(row.question), sentences=tuple(map(plain, row.sentences))) for row in rows
        ]
        self.everywhere = [text for row in self.rows for text in row.sentences]

    def made(self) -> Iterator[Claim]:
        """Yield the claims of all rows."""
        for row in self.rows:
            usable = [i for i, text in enumerate(row.sentences) if self.usable(text)]
            if len(usable) > 2:
                yield from self.of(row, usable)

    @staticmethod
    def usable(text: str) -> bool:
        """Return whether claims can be made from a sentence; markup is none."""
        return says_something(text) and 5 < len(words(text)) <= LONGEST and not re.search("lrb|lsb", text)

    def of(self, row: Row, usable: Sequence[int]) -> Iterator[Claim]:
        """Yield a claim of each kind that can be made from the ``usable`` sentences of a row."""
        for kind, supported, text, cited, source in (*self.true(row, usable), *self.false(row, usable)):
            if text and says_something(text):
                rest = [i for i in usable if i not in cited and i not in source]
                also = [self.draw.choice(rest)] if rest and self.draw.random() < ALSO_CITED else []
                spans = tuple(row.sentences[i] for i in sorted({*cited, *also}))
                yield Claim(text, spans, supported, kind)

    def true(self, row: Row, usable: Sequence[int]) -> Iterator[tuple[str, bool, str, set[int], set[int]]]:
        """Yield kind, truth, text, sentences cited and sentences that it comes from."""
        said = row.sentences
        a, b, c = self.draw.sample(usable, 3)
        yield "shortened", True, shortened(said[a], self.draw), {a}, set()
        yield "reworded", True, self.reworded(self.maybe_short(said[b])), {b}, set()
        yield "turned", True, self.maybe_reworded(turned(said[c])), {c}, set()
        for at in self.draw.sample(usable, len(usable)):
            if at + 1 in usable:
                yield "joined", True, self.joined(said[at], said[at + 1]), {at, at + 1}, set()
                break
        for at in usable:
            if at + 1 in usable and (text := resolved(said[at], said[at + 1])):
                yield "resolved", True, self.rough(text), {at, at + 1}, set()
                break
        if right := sorted(row.answers & set(usable)):
            # Answers of these were found by looking for a string, so many a sentence does not say it.
            text = "" if row.origin == "nq-open" else stated(row.question)
            yield "asked", True, self.maybe_reworded(text), {self.draw.choice(right)}, set()

    def false(self, row: Row, usable: Sequence[int]) -> Iterator[tuple[str, bool, str, set[int], set[int]]]:
        """Yield the same of claims that are not supported."""
        said = row.sentences
        a, b, c = self.draw.sample(usable, 3)
        text = self.rough(said[a])
        yield "elsewhere", False, text, {self.nearest(text, [i for i in usable if i != a], row)}, {a}
        for at in self.draw.sample(usable, len(usable)):
            if at + 1 in usable:
                yield "continuation", False, self.rough(said[at + 1]), {at}, {at + 1}
                break
        wrong = [i for i in usable if i not in row.answers]
        if (text := stated(row.question)) and wrong and row.answers:
            text = self.maybe_reworded(text)
            yield "asked", False, text, {self.nearest(text, wrong, row)}, set(row.answers)
        yield "added", False, self.added(said[b], said[c]), {b}, {c}
        first, second = clause(said[a]), clause(said[c])
        text = sentence(f"{first[0]} {second[1]}") if first and second else ""
        yield "predicate", False, self.maybe_reworded(text), {a}, {c}
        yield "noun", False, self.other_noun(said[b], said), {b}, set()
        yield "opposite", False, self.opposite(said[c]), {c}, set()
        yield "roles", False, self.maybe_reworded(roles_swapped(self.maybe_short(said[a]), self.draw)), {a}, set()
        yield "general", False, self.maybe_reworded(generalised(self.maybe_short(said[b]))), {b}, set()
        yield "glued", False, self.maybe_reworded(self.glued(said[c], said[a])), {c}, {a}
        # One half is right: the other was changed, or what it says stands in a sentence that is not cited.
        changes = (
            self.other_noun(said[b], said), self.added(said[b], said[c]), roles_swapped(said[b], self.draw),
        )  # fmt: skip
        changed = [text for text in changes if text]
        if changed and self.draw.random() < 0.6:
            yield "half", False, self.joined(said[a], self.draw.choice(changed)), {a, b}, {c}
        else:
            yield "half", False, self.joined(said[a], said[b]), {a, c}, {b}

    def rough(self, text: str) -> str:
        """Return ``text`` shorter or in other words, or as it is: as true as it was."""
        return self.maybe_reworded(self.maybe_short(text))

    def maybe_short(self, text: str) -> str:
        """Return ``text``, half of the time shortened."""
        return (shortened(text, self.draw) or text) if self.draw.random() < 0.5 else text

    def maybe_reworded(self, text: str) -> str:
        """Return ``text``, half of the time reworded."""
        return (self.reworded(text) or text) if text and self.draw.random() < 0.5 else text

    def reworded(self, text: str) -> str:
        """Return ``text`` with one or two words replaced by others of the same meaning; "" where none can be."""
        if not self.wordnet:
            return ""
        same = self.wordnet.same
        open_to = [word for word in _plain_words(text) if same(word)]
        for old in self.draw.sample(open_to, min(len(open_to), self.draw.choice((1, 1, 2)))):
            text = _replaced(text, old, self.draw.choice(same(old)))
        return text if open_to else ""

    def joined(self, first: str, second: str) -> str:
        """Return two sentences as one."""
        link = self.draw.choice((", and ", "; ", ", while "))
        return self.rough(first).rstrip(".") + link + _inside(self.rough(second))

    def nearest(self, claim: str, others: Sequence[int], row: Row) -> int:
        """Return a sentence of the row, mostly the one that shares most words with the claim."""
        own = set(content_stems(claim, "en"))
        ranked = sorted(others, key=lambda i: -len(own & set(content_stems(row.sentences[i], "en"))))
        return ranked[0] if self.draw.random() < 0.6 else self.draw.choice(ranked)

    def added(self, text: str, other: str) -> str:
        """Return ``text`` with a detail of another sentence, of this passage or of any; or ""."""
        found = _DETAIL.findall(other if self.draw.random() < 0.6 else self.draw.choice(self.everywhere))
        new = [detail for detail in found if set(content_stems(detail, "en")) - set(content_stems(text, "en"))]
        return self.rough(text).rstrip('.!?" ') + self.draw.choice(new) + "." if new else ""

    def other_noun(self, text: str, passage: Sequence[str]) -> str:
        """Return ``text`` with a word replaced by one of the same ending, mostly of the same passage; or ""."""
        own, text = set(words(text)), self.rough(text)
        open_to = [word for word in _plain_words(text) if word in own]
        if not open_to:
            return ""
        old = self.draw.choice(open_to)
        source = passage if self.draw.random() < 0.7 else self.draw.sample(self.everywhere, min(5, len(passage)))
        alike = [
            word for word in _plain_words(" ".join(source)) if word not in own and _ending(word) == _ending(old)
        ]  # fmt: skip
        return _replaced(text, old, self.draw.choice(alike)) if alike else ""

    def opposite(self, text: str) -> str:
        """Return ``text`` with a word turned to its opposite or its like; or ""."""
        if not self.wordnet:
            return ""
        own, text, other = set(words(text)), self.rough(text), self.wordnet.other
        open_to = [word for word in _plain_words(text) if word in own and other(word)]
        if not open_to:
            return ""
        old = self.draw.choice(open_to)
        new = self.draw.choice(other(old))
        return "" if set(words(new)) & own else _replaced(text, old, new)

    def glued(self, first: str, second: str) -> str:
        """Return the beginning of one sentence with the end of another; or ""."""
        begins = [m.start() for m in _END.finditer(first) if m.start() > 15]
        ends = [m.start() for m in _END.finditer(second) if 15 < m.start() < len(second) - 15]
        if not begins or not ends:
            return ""
        return sentence(first[: self.draw.choice(begins)] + second[self.draw.choice(ends) :])


def _plain_words(text: str) -> list[str]:
    """Return the words that may be replaced: no names, no short or common ones."""
    return [word for word in _TOKEN.findall(text) if word.islower() and word not in STOP_WORDS and len(word) > 3]


def _ending(word: str) -> str:
    return next((ending for ending in ("ing", "ed", "ly", "s") if word.endswith(ending)), "")


# --- fitting ---------------------------------------------------------------------------------------------------------


def weights(claims: Sequence[Claim]) -> Scores:
    """Return the weight of each claim: true and false ones weigh the same, and so do their kinds, but for `SHARES`."""
    counts = Counter((c.supported, c.kind) for c in claims)
    share = {key: SHARES.get(key[1], 1.0) if key[0] else 1.0 for key in counts}
    total = {truth: sum(s for key, s in share.items() if key[0] is truth) for truth in (True, False)}
    keys = [(c.supported, c.kind) for c in claims]
    return np.array([len(claims) / 2 * share[key] / total[key[0]] / counts[key] for key in keys])


def threshold_at(found: Scores, claims: Sequence[Claim], weight: Scores, most: float = FALSE_ACCEPTS) -> float:
    """Return the lowest probability, in hundredths, that at most the share ``most`` of the false claims reach."""
    false = np.array([not c.supported for c in claims])
    total = weight[false].sum()
    return next(t / 100 for t in range(102) if weight[false & (found >= t / 100)].sum() <= most * total)


def outcome(found: Scores, claims: Sequence[Claim], weight: Scores, threshold: float) -> tuple[float, float, float]:
    """Return the shares of false claims accepted, of true ones dropped, and of all that are decided right."""
    true = np.array([c.supported for c in claims])
    passed = found >= threshold
    accepted = float(weight[~true & passed].sum() / weight[~true].sum())
    dropped = float(weight[true & ~passed].sum() / weight[true].sum())
    return accepted, dropped, float(weight[true == passed].sum() / weight.sum())


def written(path: Path) -> list[Claim]:
    """Return the claims of a file of JSON lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Claim(r["claim"], tuple(r["spans"]), r["supported"], r["kind"]) for r in map(json.loads, lines)]


def by_rules(claim: Claim) -> bool:
    """Return whether a claim passes the rules of `tutor.rules`, which come before the score."""
    return all(holds(claim.text, claim.spans, "en") for holds in RULES.values())


def fit(values: Scores, true: Scores, weight: Scores) -> Scores:
    """Return intercept and weights of a logistic regression in which each feature counts in its own direction only.

    Free signs fit the made-up claims better, and reward citing a sentence that adds nothing.
    """
    share = weight / weight.sum()
    bounds = [(None, None), *((0, None) if sign > 0 else (None, 0) for sign in SIGNS)]

    def loss(found: Scores) -> tuple[float, Scores]:
        odds = values @ found[1:] + found[0]
        miss = share * (1 / (1 + np.exp(-odds)) - true)
        size = (share * np.logaddexp(0, -odds * (2 * true - 1))).sum() + RIDGE * (found[1:] ** 2).sum()
        return float(size), np.r_[miss.sum(), values.T @ miss + 2 * RIDGE * found[1:]]

    start = np.zeros(values.shape[1] + 1)
    return np.asarray(minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x)


def measured(claims: Sequence[Claim], vectors: dict[str, Vector], grounder: Grounder) -> Scores:
    """Return the features of each claim."""
    return np.array([features(c.text, c.spans, vectors, grounder, "en") for c in claims])


def main(
    data: Annotated[Path, typer.Argument(help="folder with train.jsonl.gz and dev.jsonl.gz")],
    wordnet: Annotated[Path | None, typer.Option(help="folder of WordNet 3.0, for rewording")] = None,
    hand: Annotated[Path | None, typer.Option("--written", help="pairs written by hand, to measure on")] = None,
    most: Annotated[int, typer.Option(help="claims to fit on; fewer are measured on")] = 3000,
    cache: Annotated[Path | None, typer.Option(help="file that keeps the vectors between runs")] = None,
) -> None:
    """Fit, and print the weights, the threshold and how well they decide."""
    from sklearn.metrics import roc_auc_score

    settings = Settings.load()
    grounder = load_grounder(unpack_builtin_model(settings.cache) / "tokenizer.json")
    known = WordNet(grounder.vocabulary, wordnet) if wordnet else None
    train = [row for row in read_rows(data / "train.jsonl.gz") if held_out(row.title)]
    dev = [row for row in read_rows(data / "dev.jsonl.gz") if row.origin != "selqa"]
    draw = random.Random(SEED)
    sets: dict[str, list[Claim]] = {}
    for name, rows, size in (("fitted", train, most), ("held out", dev, most * 4 // 5)):
        made = list(Claims(rows, SEED, known).made())
        sets[name] = draw.sample(made, min(size, len(made)))
    if hand:
        sets["written"] = written(hand)
    needed = dict.fromkeys(t for claims in sets.values() for c in claims for t in texts(c.text, c.spans, "en"))
    vectors = vectors_of(list(needed), settings, cache)
    values = {name: measured(claims, vectors, grounder) for name, claims in sets.items()}
    true = {name: [c.supported for c in claims] for name, claims in sets.items()}
    weigh = {name: weights(claims) if name != "written" else np.ones(len(claims)) for name, claims in sets.items()}

    passing = {name: np.array([by_rules(c) for c in claims]) for name, claims in sets.items()}
    kept = passing["fitted"]
    fitted = fit(values["fitted"][kept], np.array(true["fitted"])[kept], weigh["fitted"][kept])
    found = {name: passing[name] / (1 + np.exp(-(v @ fitted[1:] + fitted[0]))) for name, v in values.items()}
    threshold = threshold_at(found["held out"], sets["held out"], weigh["held out"])
    typer.echo(f"INTERCEPT = {fitted[0]:.3f}")
    typer.echo(f"WEIGHTS = ({', '.join(f'{w:.3f}' for w in fitted[1:])})  # {', '.join(FEATURES)}")
    typer.echo(f"THRESHOLD = {threshold:.2f}")
    gap = calibration_error(found["held out"], np.array(true["held out"], dtype=float))
    typer.echo(f"calibration error on what is held out, as it is mixed there: {gap:.3f}")
    for name, claims in sets.items():
        area = roc_auc_score(true[name], found[name], sample_weight=weigh[name])
        typer.echo(f"{name}: {len(claims)} claims, {sum(true[name])} supported, AUROC {area:.3f}")
        typer.echo("  threshold  accepted, false  dropped, true  right")
        for at in sorted({threshold, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}):
            typer.echo(
                "  {:9.2f}  {:15.1%}  {:13.1%}  {:5.1%}".format(at, *outcome(found[name], claims, weigh[name], at))
            )
        for truth, kind in sorted({(c.supported, c.kind) for c in claims}):
            part = [p for p, c in zip(found[name], claims, strict=True) if (c.supported, c.kind) == (truth, kind)]
            at_all = f"{np.mean(np.array(part) >= threshold):4.0%} pass, mean {np.mean(part):.2f}"
            typer.echo(f"  {'true' if truth else 'false':5} {kind:12} {len(part):4}  {at_all}")


if __name__ == "__main__":
    typer.run(main)
