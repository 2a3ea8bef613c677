// Files of SentencePiece's: what the library would follow out of bounds is refused first.
#include "text/sentence_piece_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "text/sentence_piece.hpp"

namespace blip {
namespace {

std::string fixture() {
  std::ifstream file(BLIP_TEST_DATA "/siglip/spiece.model", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

SentencePieceFile small_file() {
  return {.pieces = {{"<unk>", 0.0F, PieceType::unknown},
                     {"</s>", 0.0F, PieceType::control},
                     {"\xE2\x96\x81", -1.0F, PieceType::normal},
                     {"a", -1.5F, PieceType::normal},
                     {"\xE2\x96\x81"
                      "ab",
                      -2.0F, PieceType::normal}}};
}

void expect_refusal(ErrorCode code, const std::string& message, const SentencePieceFile& file) {
  const std::string bytes = serialized(file);
  expect_error(code, message,
               [&] { static_cast<void>(parse_sentence_piece_file(bytes, "spiece.model")); });
}

// A double array trie: units by their places, 256 of each block.
class Trie {
 public:
  explicit Trie(std::size_t units) : units_(units, 1U << 31U) {}

  // offset: what a place of its block is reached from with byte 0, by XOR with its own place
  void node(std::size_t place, unsigned label, std::uint32_t offset, bool has_leaf) {
    units_[place] = label | (has_leaf ? 1U << 8U : 0U) | offset << 10U;
  }
  void leaf(std::size_t place, std::uint32_t value) { units_[place] = value | 1U << 31U; }

  [[nodiscard]] std::string charsmap(const std::string& texts) const {
    const auto bytes = static_cast<std::uint32_t>(units_.size() * 4);
    std::string out(4 + bytes, '\0');
    std::memcpy(out.data(), &bytes, 4);
    if (bytes > 0) std::memcpy(out.data() + 4, units_.data(), bytes);
    return out + texts;
  }

 private:
  std::vector<std::uint32_t> units_;
};

// The rule "b" → "a".
Trie one_rule() {
  Trie trie(512);
  trie.node(0, 0, 256, false);               // followed by 256 ^ byte
  trie.node(256 ^ 'b', 'b', 'b' ^ 1, true);  // followed by 257 ^ byte
  trie.leaf(257, 0);
  return trie;
}

TEST(SentencePieceFile, SaysAgainWhatItSaid) {
  const std::string bytes = fixture();
  const SentencePieceFile file = parse_sentence_piece_file(bytes, "spiece.model");
  ASSERT_EQ(file.pieces.size(), 600U);
  EXPECT_EQ(file.pieces[1].text, "</s>");
  EXPECT_EQ(file.pieces[1].type, PieceType::control);
  EXPECT_EQ(file.pieces[2].type, PieceType::unknown);
  EXPECT_TRUE(file.add_dummy_prefix);
  EXPECT_FALSE(file.byte_fallback);
  EXPECT_FALSE(file.precompiled_charsmap.empty());
  EXPECT_EQ(serialized(parse_sentence_piece_file(serialized(file), "again")), serialized(file));
}

TEST(SentencePieceFile, IsWhatTextsAreCutBy) {
  SentencePieceFile file = small_file();
  EXPECT_EQ(SentencePiece(parse_sentence_piece_file(serialized(file), "x"), "x").encode("ab a"),
            (std::vector<std::string>{"\xE2\x96\x81"
                                      "ab",
                                      "\xE2\x96\x81", "a"}));
  file.precompiled_charsmap = one_rule().charsmap(std::string("a\0", 2));
  const SentencePiece pieces(parse_sentence_piece_file(serialized(file), "x"), "x");
  EXPECT_EQ(pieces.encode("b"), (std::vector<std::string>{"\xE2\x96\x81", "a"}));
  EXPECT_EQ(pieces.decode({"\xE2\x96\x81"
                           "ab",
                           "a"}),
            "aba");
  EXPECT_EQ(pieces.id_of("a"), 3);
  EXPECT_EQ(pieces.id_of("zebra"), 0);
}

TEST(SentencePieceFile, IsRefusedCutOffAnywhere) {
  const std::string bytes = serialized(small_file());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    try {
      static_cast<void>(parse_sentence_piece_file(bytes.substr(0, length), "spiece.model"));
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("spiece.model: "), std::string::npos);
    }
  }
  expect_error(ErrorCode::malformed, "is no model of SentencePiece",
               [] { static_cast<void>(parse_sentence_piece_file("{\"a\": 1}", "x")); });
  expect_error(ErrorCode::malformed, "is no model of SentencePiece",
               [] { static_cast<void>(parse_sentence_piece_file(std::string(40, '\xFF'), "x")); });
}

TEST(SentencePieceFile, IsRefusedForItsPieces) {
  const auto with = [](SentencePieceToken piece) {
    SentencePieceFile file = small_file();
    file.pieces.push_back(std::move(piece));
    return file;
  };
  expect_refusal(ErrorCode::malformed, "has piece \"a\" twice", with({"a", 0.0F}));
  expect_refusal(ErrorCode::malformed, "empty or no UTF-8", with({"", 0.0F}));
  expect_refusal(ErrorCode::malformed, "empty or no UTF-8", with({"\xFF", 0.0F}));
  expect_refusal(ErrorCode::malformed, "empty or no UTF-8", with({std::string("x\0y", 3), 0.0F}));
  expect_refusal(ErrorCode::malformed, "a score that is no number",
                 with({"x", std::numeric_limits<float>::quiet_NaN()}));
  expect_refusal(ErrorCode::limit_exceeded, "a piece of 2049 bytes",
                 with({std::string(2049, 'x'), 0.0F}));
  expect_refusal(ErrorCode::limit_exceeded, "a piece of 61 bytes",
                 with({std::string(61, 'x'), 0.0F, PieceType::user_defined}));
  expect_refusal(ErrorCode::malformed, "not exactly one piece for unknown ones",
                 with({"x", 0.0F, PieceType::unknown}));
  expect_refusal(ErrorCode::malformed, "has a piece of type 7",
                 with({"x", 0.0F, static_cast<PieceType>(7)}));
  SentencePieceFile none = small_file();
  none.pieces.erase(none.pieces.begin());
  expect_refusal(ErrorCode::malformed, "not exactly one piece", none);
  SentencePieceFile bytes = small_file();
  bytes.byte_fallback = true;
  expect_error(ErrorCode::malformed,
               "spiece.model: has byte fallback, but 0 pieces for bytes instead of 256",
               [&] { const SentencePiece pieces(bytes, "spiece.model"); });
}

TEST(SentencePieceFile, OfAnotherKindIsRefused) {
  std::string bytes = serialized(small_file());
  const std::size_t kind = bytes.find("\x12\x08\x18\x01");  // trainer_spec, its model_type
  ASSERT_NE(kind, std::string::npos);
  bytes[kind + 3] = 2;
  expect_error(ErrorCode::unsupported, "is not of SentencePiece's unigram kind",
               [&] { static_cast<void>(parse_sentence_piece_file(bytes, "x")); });
}

// Ways through the table may join: "bd" and "cd" → "a" share what follows "b" and "c".
TEST(SentencePieceFile, MayShareTheEndsOfItsRules) {
  Trie shared(1024);
  shared.node(0, 0, 256, false);
  shared.node(256 ^ 'b', 'b', 256 ^ 'b' ^ 512, false);
  shared.node(256 ^ 'c', 'c', 256 ^ 'c' ^ 512, false);
  shared.node(512 ^ 'd', 'd', 512 ^ 'd' ^ 768, true);
  shared.leaf(768, 0);
  SentencePieceFile file = small_file();
  file.precompiled_charsmap = shared.charsmap(std::string("a\0", 2));
  const SentencePiece pieces(parse_sentence_piece_file(serialized(file), "x"), "x");
  const std::vector<std::string> wanted = {"\xE2\x96\x81", "a"};
  EXPECT_EQ(pieces.encode("bd"), wanted);
  EXPECT_EQ(pieces.encode("cd"), wanted);
}

TEST(SentencePieceFile, IsRefusedForATableThatLeadsNowhere) {
  const auto refused = [](ErrorCode code, const std::string& charsmap) {
    SentencePieceFile file = small_file();
    file.precompiled_charsmap = charsmap;
    expect_refusal(code, "has a table of its normalisation that leads nowhere", file);
  };
  const std::string good = one_rule().charsmap(std::string("a\0", 2));
  refused(ErrorCode::malformed, good.substr(0, 3));
  refused(ErrorCode::malformed, good.substr(0, 4 + 512 * 4));  // no texts
  refused(ErrorCode::malformed, one_rule().charsmap("a"));     // without a zero at its end
  refused(ErrorCode::malformed, one_rule().charsmap(std::string(300, 'a') + '\0'));
  std::string longer = good;
  longer[2] = 1;  // 65,536 bytes more than there are
  refused(ErrorCode::malformed, longer);

  Trie outside = one_rule();
  outside.node(256 ^ 'b', 'b', 1 << 16, false);
  refused(ErrorCode::malformed, outside.charsmap(std::string("a\0", 2)));
  Trie value = one_rule();
  value.leaf(257, 2);
  refused(ErrorCode::malformed, value.charsmap(std::string("a\0", 2)));
  Trie circle = one_rule();
  circle.node(256 ^ 'b', 'b', 'b', false);  // followed by itself
  refused(ErrorCode::malformed, circle.charsmap(std::string("a\0", 2)));
  Trie empty(0);
  refused(ErrorCode::malformed, empty.charsmap(std::string("a\0", 2)));

  // Forty rules that begin with each other: "b", "bb", …
  Trie deep(256 * 42);
  deep.node(0, 0, 256, false);
  for (std::size_t i = 1; i <= 40; ++i) {
    const std::size_t place = i * 256 + 'b';
    const std::size_t next = (i + 1) * 256;
    deep.node(place, 'b', static_cast<std::uint32_t>(place ^ next), true);
    deep.leaf(next, 0);
  }
  refused(ErrorCode::limit_exceeded, deep.charsmap(std::string("a\0", 2)));
}

}  // namespace
}  // namespace blip
