// The tokens of captions, as the metrics of COCO's caption evaluation count them.
//
// pycocoevalcap cuts captions with the Penn Treebank tokenizer of Stanford's CoreNLP 3.4.1
// (-preserveLines -lowerCase) and drops punctuation. This is a scanner of our own, written from a
// description of what that one does with captions and held against what it made of the 304 lines of
// tests/eval/data/ptb_golden.tsv. Rules that captions do not meet (legal citations, telephone
// numbers, …) are not there.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace blip::eval {

/// The tokens of every line, in lower case, punctuation included. A line feed inside a line counts
/// as a blank. The lines are one text: an acronym at the end of a line gets a dot of its own if the
/// next line begins as a sentence does. Ill-formed UTF-8 is dropped.
std::vector<std::vector<std::string>> ptb_tokens(std::span<const std::string> lines);

/// The same without pycocoevalcap's punctuation, joined by single blanks: what its scorers take.
/// Its list has the brackets in upper case, so that -lrb- and its like stay.
std::vector<std::string> tokenized_captions(std::span<const std::string> captions);

}  // namespace blip::eval
