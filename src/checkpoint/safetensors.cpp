#include "checkpoint/safetensors.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/safetensors_header.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

constexpr std::size_t kLengthBytes = 8;

struct DTypeName {
  std::string_view name;
  std::optional<DType> dtype;  // none: safetensors has it, this library does not
};
constexpr std::array<DTypeName, 22> kDTypes = {{
    {"F64", DType::f64}, {"F32", DType::f32},
    {"F16", DType::f16}, {"BF16", DType::bf16},
    {"I64", DType::i64}, {"I32", DType::i32},
    {"I16", DType::i16}, {"I8", DType::i8},
    {"U8", DType::u8},   {"BOOL", DType::boolean},
    {"U64", {}},         {"U32", {}},
    {"U16", {}},         {"C64", {}},
    {"F8_E4M3", {}},     {"F8_E5M2", {}},
    {"F8_E8M0", {}},     {"F8_E4M3FNUZ", {}},
    {"F8_E5M2FNUZ", {}}, {"F6_E2M3", {}},
    {"F6_E3M2", {}},     {"F4", {}},
}};

[[noreturn]] void fail(const std::string& file, const std::string& what,
                       ErrorCode code = ErrorCode::malformed) {
  throw Error(code, file + ": " + what);
}

DType parse_dtype(const SafetensorsEntry& entry, const std::string& file) {
  const auto* const known =
      std::find_if(kDTypes.begin(), kDTypes.end(),
                   [&](const DTypeName& type) { return type.name == entry.dtype; });
  if (known == kDTypes.end()) {
    fail(file,
         "tensor " + in_quotes(entry.name) + " has the unknown dtype " + in_quotes(entry.dtype));
  }
  if (!known->dtype) {
    fail(file,
         "tensor " + in_quotes(entry.name) + " has dtype " + entry.dtype +
             ", which is not supported",
         ErrorCode::unsupported);
  }
  return *known->dtype;
}

// product(shape) * element_size, or none where that overflows. A dimension of 0 does not excuse an
// overflow before it: the crate multiplies in the same order.
std::optional<std::uint64_t> byte_count(const std::vector<std::uint64_t>& shape,
                                        std::size_t element_size) {
  // Within int64, so that shapes can be stored and multiplied as such.
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size > kMax || (size != 0 && count > kMax / size)) return std::nullopt;
    count *= size;
  }
  if (count > kMax / element_size) return std::nullopt;
  return count * element_size;
}

std::string offsets_text(const SafetensorsEntry& entry) {
  return '[' + std::to_string(entry.data_offsets[0]) + ", " +
         std::to_string(entry.data_offsets[1]) + ')';
}

CheckpointTensor place_tensor(SafetensorsEntry& entry, std::uint64_t expected_begin,
                              std::span<const std::byte> data, const std::string& file) {
  const auto [begin, end] = entry.data_offsets;
  const std::string where = "tensor " + in_quotes(entry.name) + " at bytes " + offsets_text(entry);
  if (end < begin) fail(file, where + " ends before it begins");
  if (begin < expected_begin) fail(file, where + " overlaps another");
  if (begin > expected_begin) {
    fail(file, where + " leaves a hole after byte " + std::to_string(expected_begin));
  }
  if (end > data.size()) {
    fail(file, where + " reaches beyond the " + std::to_string(data.size()) +
                   " bytes of data (is the file truncated?)");
  }

  CheckpointTensor tensor;
  tensor.dtype = parse_dtype(entry, file);
  const std::optional<std::uint64_t> size = byte_count(entry.shape, size_of(tensor.dtype));
  if (!size) fail(file, "tensor " + in_quotes(entry.name) + " has a shape too large to exist");
  if (*size != end - begin) {
    fail(file, where + " should have " + std::to_string(*size) + " bytes by its shape and dtype");
  }
  tensor.name = std::move(entry.name);
  tensor.shape.assign(entry.shape.begin(), entry.shape.end());
  tensor.bytes = data.subspan(begin, end - begin);
  return tensor;
}

}  // namespace

std::vector<CheckpointTensor> parse_safetensors(std::span<const std::byte> file,
                                                const std::string& name) {
  if (file.size() < kLengthBytes) {
    fail(name, file.empty() ? "the file is empty" : "too short for a safetensors file");
  }
  std::uint64_t header_size = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    header_size |= std::to_integer<std::uint64_t>(file[i]) << (8 * i);
  }
  if (header_size > kMaxSafetensorsHeader) {
    fail(name,
         "the header claims " + std::to_string(header_size) + " bytes, more than the " +
             std::to_string(kMaxSafetensorsHeader) + " allowed (is it a safetensors file?)",
         ErrorCode::limit_exceeded);
  }
  if (header_size > file.size() - kLengthBytes) {
    fail(name, "the header claims " + std::to_string(header_size) +
                   " bytes, more than the file has (is it truncated?)");
  }
  const std::span<const std::byte> header = file.subspan(kLengthBytes, header_size);
  const std::span<const std::byte> data = file.subspan(kLengthBytes + header_size);

  std::vector<SafetensorsEntry> entries =
      parse_safetensors_header({reinterpret_cast<const char*>(header.data()), header.size()}, name);
  // By place, so that each tensor must begin where the one before ends: no holes, no overlaps.
  std::sort(entries.begin(), entries.end(), [](const auto& left, const auto& right) {
    return left.data_offsets < right.data_offsets;
  });

  std::vector<CheckpointTensor> tensors;
  tensors.reserve(entries.size());
  std::uint64_t covered = 0;
  for (SafetensorsEntry& entry : entries) {
    tensors.push_back(place_tensor(entry, covered, data, name));
    covered += tensors.back().bytes.size();
  }
  if (covered != data.size()) {
    fail(name, "the tensors cover " + std::to_string(covered) + " of the " +
                   std::to_string(data.size()) + " bytes of data");
  }
  return tensors;
}

}  // namespace blip
