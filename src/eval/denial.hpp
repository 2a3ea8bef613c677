// What sentences of a report deny or doubt, by rules like those of NegEx (Chapman et al.
// 2001).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// Words in lower case, without punctuation: "ground-glass" is two.
using Words = std::vector<std::string>;

/// The words of each sentence; there may be empty ones. A point within a number ("2.5 cm") ends
/// none.
std::vector<Words> sentences_of(std::string_view report);

/// Whether `phrase`, which is not empty, is what begins at `at`.
bool stands_at(const Words& words, std::size_t at, const Words& phrase);

/// For each word of a sentence.
struct Denials {
  std::vector<bool> is_denied;
  std::vector<bool> is_doubted;
};

/// Phrases such as "no evidence of" deny, and such as "possible" doubt, what follows them in the
/// sentence, up to one such as "but"; others ("is not seen") what stands before them.
Denials denials_of(const Words& sentence);

}  // namespace blip::eval
