#include "text/byte_pairs.hpp"

#include <algorithm>
#include <limits>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "text/byte_characters.hpp"

namespace blip {

namespace {

constexpr std::int32_t kEnd = -1;

}  // namespace

BytePairs::BytePairs(const Vocabulary& vocabulary, const BytePairOptions& options,
                     const std::string& name)
    : vocabulary_(vocabulary),
      merges_(options.merges, name),
      suffix_(options.end_of_word_suffix),
      byte_fallback_(options.byte_fallback) {
  if (byte_fallback_) {
    find_fallback_bytes(name);
    return;
  }
  const TokenId unknown = vocabulary.find(options.unk_token);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string& character = character_of_byte(static_cast<std::uint8_t>(byte));
    inner_bytes_[byte] = vocabulary.find(character);
    last_bytes_[byte] = vocabulary.find(character + suffix_);
    for (TokenId* id : {&inner_bytes_[byte], &last_bytes_[byte]}) {
      if (*id == Vocabulary::kNone) *id = unknown;
      if (*id == Vocabulary::kNone) {
        throw Error(ErrorCode::malformed, name + ": the vocabulary lacks the byte " +
                                              std::to_string(byte) + ", and unk_token " +
                                              in_quotes(options.unk_token) + " as well");
      }
    }
  }
  spellings_ = std::make_unique<std::atomic<Spelling>[]>(vocabulary.size());
}

void BytePairs::find_fallback_bytes(const std::string& name) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string token = fallback_token_of_byte(static_cast<std::uint8_t>(byte));
    inner_bytes_[byte] = vocabulary_.find(token);
    if (inner_bytes_[byte] == Vocabulary::kNone) {
      throw Error(ErrorCode::malformed, name + ": the vocabulary lacks the byte " + token);
    }
  }
}

void BytePairs::encode_word(std::string_view word, Workspace& workspace,
                            std::vector<TokenId>& ids) const {
  if (word.empty()) return;
  if (word.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw Error(ErrorCode::limit_exceeded, "a word of more than 2 GiB cannot be tokenized");
  }
  std::atomic<Spelling>* spelling = nullptr;
  TokenId whole = Vocabulary::kNone;
  if (!byte_fallback_ && word.size() <= vocabulary_.longest_token()) {
    std::string& spelled = workspace.spelled;
    spelled.clear();
    for (const char byte : word) spelled += character_of_byte(static_cast<std::uint8_t>(byte));
    spelled += suffix_;
    if (const auto index = vocabulary_.index_of(spelled)) {
      whole = vocabulary_.id_at(*index);
      spelling = &spellings_[*index];
      if (spelling->load(std::memory_order_relaxed) == Spelling::one_token) {
        ids.push_back(whole);
        return;
      }
    }
  }
  const std::size_t first = ids.size();
  merge_all(word, workspace);
  for (const Workspace::Symbol& symbol : workspace.symbols) {
    if (!symbol.is_merged) ids.push_back(symbol.id);
  }
  if (spelling == nullptr) return;
  const bool is_whole = ids.size() == first + 1 && ids.back() == whole;
  spelling->store(is_whole ? Spelling::one_token : Spelling::several_tokens,
                  std::memory_order_relaxed);
}

// Puts the pair that begins at `position` into the queue, if it merges.
void BytePairs::offer(std::int32_t position, Workspace& workspace) const {
  const auto& left = workspace.symbols[static_cast<std::size_t>(position)];
  if (left.next == kEnd) return;
  const auto& right = workspace.symbols[static_cast<std::size_t>(left.next)];
  const MergeTable::Entry* entry = merges_.find(left.id, right.id);
  if (entry == nullptr) return;
  workspace.queue.push_back({entry->rank, position, entry->merged});
}

// word → the symbols that it begins as, in a chain
void BytePairs::spell(std::string_view word, std::vector<Workspace::Symbol>& symbols) const {
  symbols.clear();
  const auto add = [&](TokenId id) {
    const auto index = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({id, index - 1, index + 1, false});
  };
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(word[i]); };
  if (!byte_fallback_) {
    for (std::size_t i = 0; i + 1 < word.size(); ++i) add(inner_bytes_[byte_at(i)]);
    add(last_bytes_[byte_at(word.size() - 1)]);
  } else {
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t length = decode_utf8(word.substr(at)).length;
      const TokenId id = vocabulary_.find(word.substr(at, length));
      if (id != Vocabulary::kNone) {
        add(id);
      } else {
        for (std::size_t i = at; i < at + length; ++i) add(inner_bytes_[byte_at(i)]);
      }
      at += length;
    }
  }
  symbols.back().next = kEnd;
}

// The queue and its rules are those of `tokenizers`, whose answers in odd cases (a pair that has
// changed since, but merges into the same token) follow from them.
void BytePairs::merge_all(std::string_view word, Workspace& workspace) const {
  auto& symbols = workspace.symbols;
  auto& queue = workspace.queue;
  const auto comes_later = [](const Workspace::Candidate& a, const Workspace::Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
  };
  spell(word, symbols);
  queue.clear();
  const auto count = static_cast<std::int32_t>(symbols.size());
  for (std::int32_t i = 0; i + 1 < count; ++i) offer(i, workspace);
  std::make_heap(queue.begin(), queue.end(), comes_later);

  const auto offer_in_order = [&](std::int32_t position) {
    const std::size_t before = queue.size();
    offer(position, workspace);
    if (queue.size() != before) std::push_heap(queue.begin(), queue.end(), comes_later);
  };
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), comes_later);
    const Workspace::Candidate best = queue.back();
    queue.pop_back();
    auto& left = symbols[static_cast<std::size_t>(best.position)];
    if (left.is_merged || left.next == kEnd) continue;
    auto& right = symbols[static_cast<std::size_t>(left.next)];
    const MergeTable::Entry* entry = merges_.find(left.id, right.id);
    if (entry == nullptr || entry->merged != best.merged) continue;  // the pair is another by now
    left.id = best.merged;
    left.next = right.next;
    right.is_merged = true;
    if (left.next != kEnd) symbols[static_cast<std::size_t>(left.next)].previous = best.position;
    if (left.previous != kEnd) offer_in_order(left.previous);
    offer_in_order(best.position);
  }
}

}  // namespace blip
