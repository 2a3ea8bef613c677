"""The CLIP Interrogator's algorithm (github.com/pharmapsychotic/clip-interrogator 0.6), written again from its rules over two
functions: `similarities(texts)`, the cosines of texts with a picture, and `is_full(text)`, whether the text model reads no
more tokens. As blip.cpp, it ranks lists of any length as a whole, takes a phrase that lists have twice once, and knows no
artists or sites of its own."""


def once(phrases):
    return list(dict.fromkeys(phrases))


def flavors_of(lists):
    """Flavors, and all lists without a name that the original knows."""
    known = ("artists", "flavors", "mediums", "movements", "trendings", "negative")
    return lists.get("flavors", []) + [phrase for name, phrases in lists.items() if name not in known for phrase in phrases]


def tables(lists):
    """In the order in which the original merges them; each phrase in the first list that has it."""
    names = lists.get("artists", [])
    parts = {"artists": [f"by {name}" for name in names] + [f"inspired by {name}" for name in names],
             "flavors": flavors_of(lists), **{name: lists.get(name, []) for name in ("mediums", "movements", "trendings")}}
    seen, result = set(), {}
    for name, phrases in parts.items():
        result[name] = [phrase for phrase in once(phrases) if phrase not in seen]
        seen |= set(phrases)
    return result


class Interrogator:
    def __init__(self, similarities, is_full, lists, min_flavors=8, candidates=2048):
        self.similarities, self.is_full, self.min_flavors, self.candidates = similarities, is_full, min_flavors, candidates
        self.tables = tables(lists)
        self.merged = [phrase for phrases in self.tables.values() for phrase in phrases]
        self.unwanted = lists.get("negative", [])
        self.margins = []  # by how much each decision was made

    def rank(self, phrases, count, reverse=False):
        if not phrases:
            return []
        scores = [-s if reverse else s for s in self.similarities(phrases)]
        order = sorted(range(len(phrases)), key=lambda i: -scores[i])  # stable
        kept = order[:count + 1]
        self.margins += [scores[a] - scores[b] for a, b in zip(kept, kept[1:])]
        return [phrases[i] for i in order[:count]]

    def fit(self, prompt):
        first, *rest = prompt.split(", ")
        for part in rest:
            if self.is_full(first + part):
                break
            first += ", " + part
        return first

    def chain(self, phrases, prompt, max_count, reverse=False):
        phrases = once(phrases)
        if prompt:
            best_similarity = self.similarities([prompt])[0]
        else:
            prompt = self.top(phrases, reverse)[0]
            best_similarity = self.similarities([prompt])[0]  # never negated
            phrases.remove(prompt)
        best, current, current_similarity = prompt, prompt, best_similarity
        for i in range(max_count):
            if not phrases:
                break
            extended, similarity = self.top([f"{current}, {phrase}" for phrase in phrases], reverse)
            self.margins += [abs(similarity - best_similarity), abs(similarity - current_similarity)]
            if similarity > best_similarity:
                best, best_similarity = extended, similarity
            if not (similarity > current_similarity or i < self.min_flavors):
                break
            phrases.remove(extended[len(current) + 2:])
            current, current_similarity = extended, similarity
            if self.is_full(current):
                break
        return best

    def top(self, texts, reverse):
        """→ the best text, and how good it is"""
        scores = [-s if reverse else s for s in self.similarities(texts)]
        best = max(range(len(texts)), key=lambda i: scores[i])
        if len(texts) > 1:
            self.margins.append(scores[best] - max(score for i, score in enumerate(scores) if i != best))
        return texts[best], scores[best]

    def fast(self, caption, max_flavors=32):
        return self.fit(", ".join([caption] + self.rank(self.merged, max_flavors)))

    def classic(self, caption, max_flavors=3):
        best = {name: self.rank(self.tables[name], 1) for name in ("mediums", "artists", "trendings", "movements")}
        prompt = caption
        for medium in best["mediums"]:
            prompt += "" if caption.startswith(medium) else f", {medium}"
        for artist in best["artists"]:
            prompt += f" {artist}"
        return self.fit(", ".join([prompt] + best["trendings"] + best["movements"]
                                  + self.rank(self.tables["flavors"], max_flavors)))

    def negative(self, max_flavors=32):
        return self.chain(self.rank(self.tables["flavors"], self.candidates, reverse=True) + self.unwanted, "", max_flavors,
                          reverse=True)

    def best(self, caption, max_flavors=32):
        chain = self.chain(self.rank(self.merged, self.candidates), caption, max_flavors)
        prompts = [caption, self.classic(caption, max_flavors), self.fast(caption, max_flavors), chain]
        return self.top(prompts, reverse=False)[0]
