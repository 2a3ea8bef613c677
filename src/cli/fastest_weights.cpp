#include "cli/fastest_weights.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "blip/error.hpp"
#include "cli/output_file.hpp"
#include "cli/partial_file.hpp"
#include "core/open_file.hpp"
#include "kernels/quantize_weights.hpp"
#include "kernels/small_gemm.hpp"

namespace blip::cli {
namespace {

// A matrix as in the text decoder of BLIP base, only higher: 32 MB of float32, more than a core's
// share of any cache, since a decoding step reads hundreds of megabytes.
constexpr std::int64_t kColumns = 768;
constexpr std::int64_t kRows = 10'240;
constexpr int kRounds = 3;
// Int8 changes answers a little; it has to be worth that.
constexpr double kWorthwhile = 0.9;

// Seconds of x: [1, C] times weightᵀ: [C, R].
double seconds_of(const WeightMatrix& weight, const std::vector<float>& x,
                  std::vector<float>& out) {
  const auto start = std::chrono::steady_clock::now();
  small_gemm(x.data(), 1, weight, 0, weight.rows, out.data(), weight.rows);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool is_int8_faster() {
  std::vector<float> values(kRows * kColumns);
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
    value = static_cast<float>(state >> 8) * 0x1p-24F - 0.5F;
  }
  std::vector<std::int8_t> bytes(values.size());
  std::vector<float> scales(kRows);
  quantize_rows(values.data(), kRows, kColumns, bytes.data(), scales.data());
  const WeightMatrix wide = {values.data(), WeightFormat::f32, kRows, kColumns};
  const WeightMatrix narrow = {bytes.data(), WeightFormat::i8, kRows, kColumns, scales.data()};

  const std::vector<float> x(values.begin(), values.begin() + kColumns);
  std::vector<float> out(kRows);
  double wide_seconds = std::numeric_limits<double>::infinity();
  double narrow_seconds = wide_seconds;
  // By turns, so that whatever else the machine does meets both; the best of each.
  for (int round = 0; round < kRounds; ++round) {
    wide_seconds = std::min(wide_seconds, seconds_of(wide, x, out));
    narrow_seconds = std::min(narrow_seconds, seconds_of(narrow, x, out));
  }
  return narrow_seconds < kWorthwhile * wide_seconds;
}

// Empty: there is nowhere to remember anything.
std::filesystem::path cache_file() {
  constexpr const char* kName = "blip/fastest-weights";
  const auto absolute = [](const char* variable) {
    const char* value = std::getenv(variable);
    const std::filesystem::path path = value == nullptr ? "" : value;
    return path.is_absolute() ? path : std::filesystem::path();
  };
  if (const auto cache = absolute("XDG_CACHE_HOME"); !cache.empty()) return cache / kName;
  if (const auto home = absolute("HOME"); !home.empty()) return home / ".cache" / kName;
  return {};
}

// "HOST int8": a home directory may be shared by machines that differ.
std::string line_of(WeightType type) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return std::string(host.data()) + (type == WeightType::i8 ? " int8\n" : " stored\n");
}

std::optional<WeightType> remembered(const std::filesystem::path& file) {
  constexpr std::size_t kMaxBytes = 1024;
  try {
    if (file.empty() || !file_exists(file)) return std::nullopt;
    const std::string text = read_text_file(file, kMaxBytes);
    for (const WeightType type : {WeightType::i8, WeightType::stored}) {
      if (text == line_of(type)) return type;
    }
  } catch (const Error&) {
    // Not readable: as good as not there.
  }
  return std::nullopt;
}

void remember(const std::filesystem::path& file, WeightType type) {
  if (file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  try {
    PartialFile partial(file);
    partial.write(line_of(type));
    partial.close();
    partial.put_in_place();
  } catch (const OutputError&) {
    // The next run measures again.
  }
}

}  // namespace

WeightType fastest_weights() {
  const std::filesystem::path file = cache_file();
  if (const auto type = remembered(file)) return *type;
  const WeightType type = is_int8_faster() ? WeightType::i8 : WeightType::stored;
  remember(file, type);
  return type;
}

}  // namespace blip::cli
