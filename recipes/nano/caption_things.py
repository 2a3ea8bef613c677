"""Which things captions name, by the table caption_words.txt."""
import re

from nouns import HERE, Noun

WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")


def forms(word):
    word, _, plural = word.partition("/")
    return {word, plural or Noun(word).plural()}


class CaptionThings:
    def __init__(self):
        self.wider, self.named_by, self.hinted_by = {}, {}, {}
        for line in (HERE / "caption_words.txt").read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            head, _, rest = line.partition(":")
            concept, _, wider = head.partition(">")
            concept = concept.strip()
            words, _, hints = rest.partition("|")
            self.wider[concept] = wider.split()
            for word in [concept, *words.split()]:
                for form in forms(word):
                    self.named_by.setdefault(form, set()).add(concept)
            for word in hints.split():
                for form in forms(word):
                    self.hinted_by.setdefault(form, set()).add(concept)

    @staticmethod
    def terms(caption):
        """Words, and pairs of words, of which the second alone is then no term: a "hot dog" is no dog."""
        words = WORDS.findall(caption.lower())
        return words, [f"{a} {b}" for a, b in zip(words, words[1:])]

    def found(self, caption, table):
        words, pairs = self.terms(caption)
        concepts, covered = set(), set()
        for position, pair in enumerate(pairs):
            if pair in table:
                concepts |= table[pair]
                covered |= {position, position + 1}
        for position, word in enumerate(words):
            if position not in covered:
                concepts |= table.get(word, set())
        return concepts | {wide for concept in concepts for wide in self.wider[concept]}

    def named(self, caption):
        return self.found(caption, self.named_by)

    def hinted(self, caption):
        return self.named(caption) | self.found(caption, self.hinted_by)
