// BytePairs: words → token ids, by byte pair encoding.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/merge_table.hpp"
#include "text/vocabulary.hpp"

namespace blip {

struct BytePairOptions {
  /// Stands for a byte that the vocabulary lacks.
  std::string unk_token = "<|endoftext|>";
  /// At the end of a word's last token.
  std::string end_of_word_suffix = "</w>";
  /// The symbols of a word are its characters, and of those that the vocabulary lacks the bytes, as
  /// "<0x0A>": Gemma's way. Otherwise they are bytes, each as a character, and the suffix.
  bool byte_fallback = false;
  std::vector<Merge> merges{};  ///< the first goes first
};

/// To callers immutable: what it remembers of words changes no answer. The Vocabulary must outlive
/// it.
class BytePairs {
 public:
  /// Throws malformed, naming `name`, if the vocabulary lacks the character of a byte, with or
  /// without the suffix, and unk_token as well; with byte_fallback, if it lacks the token of a
  /// byte.
  BytePairs(const Vocabulary& vocabulary, const BytePairOptions& options, const std::string& name);

  /// Memory that one call after another may use again.
  class Workspace {
    friend class BytePairs;

    struct Symbol {
      TokenId id;
      std::int32_t previous;
      std::int32_t next;  // kEnd: there is none
      bool is_merged;     // into the one before
    };
    struct Candidate {
      std::int32_t rank;
      std::int32_t position;
      TokenId merged;
    };
    std::string spelled;
    std::vector<Symbol> symbols;
    std::vector<Candidate> queue;
  };

  /// Appends the ids of one word: its bytes and the suffix, of which the pair with the lowest rank
  /// (the leftmost of these) is merged until none is left. Takes n log n steps for n bytes. Throws
  /// limit_exceeded for more than 2 GiB.
  void encode_word(std::string_view word, Workspace& workspace, std::vector<TokenId>& ids) const;

 private:
  enum class Spelling : std::uint8_t { unknown, one_token, several_tokens };

  void find_fallback_bytes(const std::string& name);
  void spell(std::string_view word, std::vector<Workspace::Symbol>& symbols) const;
  void merge_all(std::string_view word, Workspace& workspace) const;
  void offer(std::int32_t position, Workspace& workspace) const;

  const Vocabulary& vocabulary_;
  MergeTable merges_;
  std::string suffix_;
  bool byte_fallback_;
  std::array<TokenId, 256> inner_bytes_{};  // within a word; with byte_fallback, anywhere
  std::array<TokenId, 256> last_bytes_{};   // at its end
  // Of each token: whether a word of its text comes out as that one token. Most words do, and are
  // known by one look-up from the second time on.
  std::unique_ptr<std::atomic<Spelling>[]> spellings_;
};

}  // namespace blip
