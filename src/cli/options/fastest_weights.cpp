#include "cli/options/fastest_weights.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/records/output_file.hpp"
#include "app/records/partial_file.hpp"
#include "blip/context.hpp"
#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "core/user_cache.hpp"
#include "kernels/instruction_set.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip::cli {
namespace {

// A matrix as in BLIP base, only higher: 32 MB of float32, more than a core's share of any cache,
// since a decoding step reads hundreds of megabytes.
constexpr std::int64_t kColumns = 768;
constexpr std::int64_t kRows = 10'240;
constexpr int kRounds = 3;
// A caption of base at 384 pixels is some 55 billion products for the image, by 577 tokens at once,
// and ten times 123 million weights for the words: that many times this matrix.
constexpr std::int64_t kImageTokens = 96;
constexpr double kImageTimes = 55e9 / (kColumns * kRows * kImageTokens);
constexpr double kWordTimes = 10 * 123e6 / (kColumns * kRows);
// Int8 changes answers a little; it has to be worth that.
constexpr double kWorthwhile = 0.9;

double seconds_of(const Linear& layer, std::int64_t tokens, const std::vector<float>& x,
                  std::vector<float>& out, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  linear(x.data(), tokens, layer, out.data(), context);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The same weights as an image meets them and as words do.
struct Contender {
  Linear for_images;
  Linear for_words;
  double image_seconds = std::numeric_limits<double>::infinity();
  double word_seconds = std::numeric_limits<double>::infinity();

  [[nodiscard]] double caption_seconds() const {
    return kImageTimes * image_seconds + kWordTimes * word_seconds;
  }
};

bool is_int8_faster() {
  std::vector<float> values(kRows * kColumns);
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
    value = static_cast<float>(state >> 8) * 0x1p-24F - 0.5F;
  }
  std::vector<std::int8_t> bytes(values.size());
  std::vector<float> scales(kRows);
  std::vector<float> sums(kRows);
  static_assert(quantization_blocks(kColumns) == 1);
  quantize_rows(values.data(), kRows, kColumns, bytes.data(), scales.data());
  row_sums(bytes.data(), kRows, kColumns, kColumns, sums.data());
  const Linear wide = {{values.data(), WeightFormat::f32, kRows, kColumns}};
  const Linear narrow = {{bytes.data(), WeightFormat::i8, kRows, kColumns, scales.data()}};
  Linear quantized = narrow;
  quantized.weight.row_sums = sums.data();

  std::array<Contender, 2> contenders = {Contender{wide, wide}, Contender{quantized, narrow}};
  Context context;
  const std::vector<float> x(values.begin(), values.begin() + kImageTokens * kColumns);
  std::vector<float> out(kImageTokens * kRows);
  // By turns, so that whatever else the machine does meets both; the best of each.
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& each : contenders) {
      each.word_seconds =
          std::min(each.word_seconds, seconds_of(each.for_words, 1, x, out, context));
      each.image_seconds =
          std::min(each.image_seconds, seconds_of(each.for_images, kImageTokens, x, out, context));
    }
  }
  return contenders[1].caption_seconds() < kWorthwhile * contenders[0].caption_seconds();
}

// Empty: there is nowhere to remember anything.
std::filesystem::path cache_file() {
  const std::filesystem::path directory = user_cache_directory();
  return directory.empty() ? directory : directory / "fastest-weights";
}

// As the system names it; "unknown" where it does not.
std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// What the answer depends on, "amx HOST MODEL": a home directory may be shared by machines that
// differ, a virtual machine may move to another processor, and --isa may hold instructions back.
std::string circumstances() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return std::string(instruction_set_in_use()) + ' ' + host.data() + ' ' + processor_model();
}

constexpr std::array<std::pair<std::string_view, WeightType>, 2> kAnswers = {
    {{"int8", WeightType::i8}, {"stored", WeightType::stored}}};

// The file has a line "int8 CIRCUMSTANCES" for each answer, the last measured first.
std::vector<std::string> remembered_lines(const std::filesystem::path& file) {
  constexpr std::size_t kMaxBytes = 65'536;
  std::vector<std::string> lines;
  try {
    if (file.empty() || !file_exists(file)) return lines;
    std::istringstream text(read_text_file(file, kMaxBytes));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
  } catch (const Error&) {
    // Not readable: as good as not there.
  }
  return lines;
}

std::optional<WeightType> remembered(const std::filesystem::path& file,
                                     const std::string& circumstances) {
  for (const std::string& line : remembered_lines(file)) {
    for (const auto& [name, type] : kAnswers) {
      if (line == std::string(name) + ' ' + circumstances) return type;
    }
  }
  return std::nullopt;
}

void remember(const std::filesystem::path& file, const std::string& circumstances,
              WeightType type) {
  constexpr std::size_t kMaxLines = 64;  // of a home directory that a cluster shares
  if (file.empty()) return;
  std::string text;
  for (const auto& [name, each] : kAnswers) {
    if (each == type) text = std::string(name) + ' ' + circumstances + '\n';
  }
  std::vector<std::string> others = remembered_lines(file);
  std::erase_if(others, [&](const std::string& line) {
    return line.find(' ') == std::string::npos || line.ends_with(' ' + circumstances);
  });
  if (others.size() >= kMaxLines) others.resize(kMaxLines - 1);
  for (const std::string& line : others) text += line + '\n';
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  try {
    app::PartialFile partial(file);
    partial.write(text);
    partial.put_in_place();
  } catch (const app::OutputError&) {
    // The next run measures again.
  }
}

}  // namespace

WeightType fastest_weights() {
  const std::filesystem::path file = cache_file();
  const std::string here = circumstances();
  if (const auto type = remembered(file, here)) return *type;
  const WeightType type = is_int8_faster() ? WeightType::i8 : WeightType::stored;
  remember(file, here, type);
  return type;
}

}  // namespace blip::cli
