// Any bytes as captions: cut into tokens that are UTF-8 without blanks, and judged to finite
// scores.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/unicode.hpp"
#include "eval/bleu.hpp"
#include "eval/cider.hpp"
#include "eval/ptb_tokenizer.hpp"
#include "eval/rouge_l.hpp"
#include "eval/vqa_accuracy.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;

bool is_share(double value) {
  return std::isfinite(value) && value >= 0 && value <= 1 + 1e-9;
}

// Pieces between zero bytes.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  while (true) {
    const std::size_t end = text.find('\0');
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

void judge(const std::vector<std::string>& texts) {
  blip::eval::CaptionSet set;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    set.captions.push_back(texts[i]);
    set.references.push_back({texts[(i + 1) % texts.size()], texts[i / 2]});
  }
  const blip::eval::CaptionSet tokens = blip::eval::tokenized(set);
  for (const double score : blip::eval::bleu(tokens).corpus) require(is_share(score));
  require(is_share(blip::eval::rouge_l(tokens).mean));
  require(is_share(blip::eval::cider(tokens).mean / 10));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> texts = pieces_of({reinterpret_cast<const char*>(data), size});
  const auto lines = blip::eval::ptb_tokens(texts);
  require(lines.size() == texts.size());
  for (const auto& tokens : lines) {
    for (const std::string& token : tokens) {
      require(!token.empty() && blip::is_valid_utf8(token));
      require(token.find_first_of(" \t\r\n") == std::string::npos);
    }
  }
  judge(texts);
  require(is_share(blip::eval::vqa_accuracy(texts.front(), texts)));
  return 0;
}
