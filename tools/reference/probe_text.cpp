// probe_text: a tokenizer on lines from standard input, for parity_text.py, parity_clip_text.py and
// parity_siglip_text.py. With --clip, --siglip or --gemma it is that one, otherwise BERT's.
//
//   probe_text encode DIR [--hex] [--no-special-tokens] [--no-parse] [--max-length=N]   JSON
//   strings → ids probe_text decode DIR [--skip] [--clean|--no-clean]                ids → JSON
//   strings probe_text info   DIR                                              sizes and ids, or
//   the error probe_text bench  DIR SECONDS                                      JSON strings →
//   MB/s
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "blip/clip_tokenizer.hpp"
#include "blip/error.hpp"
#include "blip/gemma_tokenizer.hpp"
#include "blip/siglip_tokenizer.hpp"
#include "blip/tokenizer.hpp"

namespace {

using Flags = std::set<std::string>;

std::string from_hex(const std::string& line) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

void encode(const blip::Tokenizer& tokenizer, const Flags& flags) {
  blip::EncodeOptions options{.add_special_tokens = !flags.contains("--no-special-tokens"),
                              .parse_special_tokens = !flags.contains("--no-parse")};
  constexpr std::string_view kMaxLength = "--max-length=";
  for (const std::string& flag : flags) {
    if (flag.starts_with(kMaxLength)) {
      options.max_length = std::stoul(flag.substr(kMaxLength.size()));
    }
  }
  const bool hex = flags.contains("--hex");
  std::string out;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string text = hex ? from_hex(line) : nlohmann::json::parse(line).get<std::string>();
    out.clear();
    for (const blip::TokenId id : tokenizer.encode(text, options)) {
      out += std::to_string(id);
      out += ' ';
    }
    out += '\n';
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
}

void decode(const blip::Tokenizer& tokenizer, const Flags& flags) {
  blip::DecodeOptions options{.skip_special_tokens = flags.contains("--skip")};
  if (flags.contains("--clean")) options.clean_up_tokenization_spaces = true;
  if (flags.contains("--no-clean")) options.clean_up_tokenization_spaces = false;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::vector<blip::TokenId> ids;
    for (blip::TokenId id = 0; words >> id;) ids.push_back(id);
    const std::string out = nlohmann::json(tokenizer.decode(ids, options)).dump() + '\n';
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
}

void info(const blip::Tokenizer& tokenizer) {
  const blip::SpecialTokens ids = tokenizer.special_tokens();
  if (const auto* clip = dynamic_cast<const blip::ClipTokenizer*>(&tokenizer)) {
    std::printf("%zu %d %d %d %d %zu\n", tokenizer.vocab_size(), ids.pad, ids.unk, ids.bos, ids.eos,
                clip->model_max_length());
    return;
  }
  std::printf("%zu %d %d %d %d %d\n", tokenizer.vocab_size(), ids.pad, ids.unk, ids.cls, ids.sep,
              ids.mask);
}

template <typename Kind>
std::unique_ptr<const blip::Tokenizer> open_as(const char* directory) {
  return std::make_unique<Kind>(Kind::from_pretrained(directory));
}

std::unique_ptr<const blip::Tokenizer> open_tokenizer(const char* directory, const Flags& flags) {
  if (flags.contains("--clip")) return open_as<blip::ClipTokenizer>(directory);
  if (flags.contains("--siglip")) return open_as<blip::SiglipTokenizer>(directory);
  if (flags.contains("--gemma")) return open_as<blip::GemmaTokenizer>(directory);
  return open_as<blip::BertTokenizer>(directory);
}

void bench(const blip::Tokenizer& tokenizer, double seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::string line; std::getline(std::cin, line);) {
    texts.push_back(nlohmann::json::parse(line).get<std::string>());
    bytes += texts.back().size();
  }
  std::size_t tokens = 0;
  std::size_t rounds = 0;
  const auto begin = Clock::now();
  std::chrono::duration<double> elapsed{};
  do {
    for (const std::string& text : texts) tokens += tokenizer.encode(text).size();
    ++rounds;
    elapsed = Clock::now() - begin;
  } while (elapsed.count() < seconds);
  std::printf("%.3f %zu\n", static_cast<double>(bytes * rounds) / 1e6 / elapsed.count(),
              tokens / rounds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: probe_text encode|decode|info|bench DIR [options]\n", stderr);
    return 2;
  }
  try {
    const std::string command = argv[1];
    const Flags flags(argv + 3, argv + argc);
    const auto tokenizer = open_tokenizer(argv[2], flags);
    if (command == "encode") encode(*tokenizer, flags);
    if (command == "decode") decode(*tokenizer, flags);
    if (command == "info") info(*tokenizer);
    if (command == "bench") bench(*tokenizer, argc > 3 ? std::stod(argv[3]) : 1.0);
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
