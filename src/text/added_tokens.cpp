#include "text/added_tokens.hpp"

#include <algorithm>
#include <cstdint>

#include "blip/error.hpp"
#include "core/unicode.hpp"

namespace blip {

namespace {

// The last character of `text`, which must be valid UTF-8 and not empty.
char32_t last_character(std::string_view text) noexcept {
  std::size_t i = text.size() - 1;
  while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) --i;
  return decode_utf8(text.substr(i)).code_point;
}

bool has_property(char32_t code_point, std::uint16_t property) noexcept {
  return (properties_of(code_point) & property) != 0;
}

// Whether no word character touches text[start, stop).
bool stands_alone(std::string_view text, std::size_t start, std::size_t stop) noexcept {
  if (start > 0 && has_property(last_character(text.substr(0, start)), kWordCharacter))
    return false;
  return stop == text.size() ||
         !has_property(decode_utf8(text.substr(stop)).code_point, kWordCharacter);
}

std::size_t skip_space_backwards(std::string_view text, std::size_t start) noexcept {
  while (start > 0 && has_property(last_character(text.substr(0, start)), kWhitespace)) {
    --start;
    while ((static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  }
  return start;
}

std::size_t skip_space(std::string_view text, std::size_t stop) noexcept {
  while (stop < text.size()) {
    const DecodedCharacter character = decode_utf8(text.substr(stop));
    if (!has_property(character.code_point, kWhitespace)) break;
    stop += character.length;
  }
  return stop;
}

}  // namespace

void AddedTokens::add(const AddedToken& token, const Vocabulary& vocabulary,
                      const Normalize& normalize, const std::string& name) {
  if (token.content.empty()) return;
  TokenId id = find(token.content);
  if (id != Vocabulary::kNone && entries_.at(id).token == token) return;
  if (id == Vocabulary::kNone) id = vocabulary.find(token.content);
  if (id == Vocabulary::kNone) {
    const auto size = static_cast<TokenId>(vocabulary.size());
    id = entries_.empty() ? size : std::max(size, entries_.rbegin()->first + 1);
  }
  if (id >= kMaxTokenCount || entries_.size() >= kMaxAddedTokens) {
    throw Error(ErrorCode::limit_exceeded, name + ": more added tokens than " +
                                               std::to_string(kMaxAddedTokens) +
                                               ", or ids that are too large");
  }
  std::string pattern = token.content;
  if (token.normalized && normalize) pattern = normalize(pattern);
  if (pattern.empty()) {
    throw Error(ErrorCode::malformed, name + ": normalising leaves nothing of an added token (id " +
                                          std::to_string(id) + ")");
  }
  ids_[token.content] = id;
  if (token.special) special_.insert(token.content);
  Entry& entry = entries_[id];
  if (!entry.pattern.empty()) std::erase(bucket_of(entry), &entry);
  entry = {id, token, std::move(pattern)};
  auto& bucket = bucket_of(entry);
  const auto place = std::upper_bound(
      bucket.begin(), bucket.end(), &entry,
      [](const Entry* a, const Entry* b) { return a->pattern.size() > b->pattern.size(); });
  bucket.insert(place, &entry);
}

std::vector<const AddedTokens::Entry*>& AddedTokens::bucket_of(const Entry& entry) noexcept {
  Matcher& matcher = entry.token.normalized ? normalized_ : given_;
  return matcher[static_cast<unsigned char>(entry.pattern[0])];
}

TokenId AddedTokens::find(std::string_view content) const noexcept {
  const auto found = ids_.find(content);
  return found == ids_.end() ? Vocabulary::kNone : found->second;
}

const std::string* AddedTokens::text_of(TokenId id) const noexcept {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.pattern;
}

bool AddedTokens::is_special(std::string_view text) const noexcept {
  return special_.find(text) != special_.end();
}

std::size_t AddedTokens::count_outside(const Vocabulary& vocabulary) const noexcept {
  return static_cast<std::size_t>(std::count_if(ids_.begin(), ids_.end(), [&](const auto& added) {
    return vocabulary.find(added.first) == Vocabulary::kNone;
  }));
}

std::vector<TextPiece> AddedTokens::split(std::string_view text, Stage stage,
                                          bool parse_special) const {
  std::vector<TextPiece> pieces;
  const Matcher& matcher = stage == Stage::given_text ? given_ : normalized_;
  std::size_t done = 0;  // text before this is in `pieces`
  for (std::size_t i = 0; i < text.size();) {
    const auto& bucket = matcher[static_cast<unsigned char>(text[i])];
    const auto found = std::find_if(bucket.begin(), bucket.end(), [&](const Entry* entry) {
      return text.substr(i, entry->pattern.size()) == entry->pattern;
    });
    if (found == bucket.end()) {
      ++i;
      continue;
    }
    const AddedToken& token = (*found)->token;
    std::size_t start = i;
    std::size_t stop = i + (*found)->pattern.size();
    i = stop;  // a match that is turned down is not searched for shorter ones
    if (!parse_special && is_special(token.content)) continue;
    if (token.single_word && !stands_alone(text, start, stop)) continue;
    if (token.lstrip) start = std::max(skip_space_backwards(text, start), done);
    if (token.rstrip) stop = skip_space(text, stop);
    if (done < start) pieces.push_back({text.substr(done, start - done), Vocabulary::kNone});
    pieces.push_back({text.substr(start, stop - start), (*found)->id});
    done = stop;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), Vocabulary::kNone});
  return pieces;
}

}  // namespace blip
