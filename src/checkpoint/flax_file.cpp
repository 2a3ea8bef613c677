#include "checkpoint/flax_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/msgpack.hpp"
#include "checkpoint/shape_text.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// flax.serialization's extension types; 3 is a NumPy scalar, which no weight is.
constexpr std::int8_t kArrayType = 1;
constexpr std::string_view kChunkedMark = "__msgpack_chunked_array__";

// DALL-E mega has 900 tensors, its stacked layers taken apart.
constexpr std::size_t kMaxFlaxTensors = 100'000;
constexpr std::size_t kMaxFlaxNameBytes = 1'000;
constexpr std::int64_t kMaxFlaxLayers = 1'000;
// A convolution's kernels, stacked.
constexpr std::size_t kMaxFlaxRank = 8;

using FlaxShape = std::vector<std::int64_t>;

struct FlaxArray {
  DType dtype = DType::f32;
  FlaxShape shape;
  std::span<const std::byte> bytes;
};

std::optional<DType> dtype_called(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, DType>, 10> kNames = {
      {{"float64", DType::f64},
       {"float32", DType::f32},
       {"float16", DType::f16},
       {"bfloat16", DType::bf16},
       {"int64", DType::i64},
       {"int32", DType::i32},
       {"int16", DType::i16},
       {"int8", DType::i8},
       {"uint8", DType::u8},
       {"bool", DType::boolean}}};
  const auto* found = std::ranges::find(kNames, name, &std::pair<std::string_view, DType>::first);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

// Elements, or nothing if there are more than int64 can count.
std::optional<std::int64_t> flax_element_count(const FlaxShape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  return count;
}

// Takes elements of `size` bytes: out[i] = in[place(i)].
template <typename Place>
void reorder(const std::byte* in, std::int64_t count, std::size_t size, std::byte* out,
             const Place& place) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(out + static_cast<std::size_t>(i) * size,
                in + static_cast<std::size_t>(place(i)) * size, size);
  }
}

class FlaxParser {
 public:
  FlaxParser(std::span<const std::byte> bytes, const std::string& name)
      : name_(name), reader_(bytes, name) {}

  TorchFile parse() && {
    const MsgpackValue root = reader_.next();
    if (root.kind != MsgpackKind::map) reader_.fail("a Flax file begins with a map");
    std::string path;
    read_map(root, path, 0);
    if (!reader_.at_end()) reader_.fail("there is something behind the map");
    if (file_.tensors.empty()) {
      throw Error(ErrorCode::malformed, name_ + ": has no arrays, so it is no Flax checkpoint");
    }
    return std::move(file_);
  }

 private:
  std::string_view read_key() {
    const MsgpackValue key = reader_.next();
    if (key.kind != MsgpackKind::text) reader_.fail("a name is no text");
    return key.text();
  }

  // `path` is where the map lies; as it was afterwards.
  void read_map(const MsgpackValue& map, std::string& path, int depth) {
    if (depth > MsgpackReader::kMaxDepth) reader_.fail("maps lie too deep within maps");
    const std::size_t length = path.size();
    for (std::size_t i = 0; i < map.count; ++i) {
      const std::string_view key = read_key();
      if (i == 0 && key == kChunkedMark) {
        read_chunks(map, path);
        return;
      }
      path += path.empty() ? "" : ".";
      path += key;
      if (path.size() > kMaxFlaxNameBytes) {
        throw Error(ErrorCode::limit_exceeded, name_ + ": a tensor's name has more than " +
                                                   std::to_string(kMaxFlaxNameBytes) + " bytes");
      }
      const MsgpackValue value = reader_.next();
      if (value.kind == MsgpackKind::map) {
        read_map(value, path, depth + 1);
      } else if (value.kind == MsgpackKind::extension && value.type == kArrayType) {
        add(path, read_array(value));
      } else {
        reader_.skip_values(value);
      }
      path.resize(length);
    }
  }

  // [shape, name of the number type, bytes]
  FlaxArray read_array(const MsgpackValue& extension) {
    MsgpackReader reader(extension.bytes, name_);
    const MsgpackValue parts = reader.next();
    if (parts.kind != MsgpackKind::array || parts.count != 3) {
      reader.fail("an array is not of shape, type and bytes");
    }
    FlaxArray array;
    const MsgpackValue shape = reader.next();
    if (shape.kind != MsgpackKind::array || shape.count > kMaxFlaxRank) {
      reader.fail("an array's shape is no list of at most 8 numbers");
    }
    for (std::size_t i = 0; i < shape.count; ++i) {
      const MsgpackValue size = reader.next();
      if (size.kind != MsgpackKind::integer || size.integer < 0) {
        reader.fail("an array's shape has what is no size");
      }
      array.shape.push_back(size.integer);
    }
    const MsgpackValue type = reader.next();
    if (type.kind != MsgpackKind::text) reader.fail("an array's type is no text");
    const auto dtype = dtype_called(type.text());
    if (!dtype) {
      throw Error(ErrorCode::unsupported,
                  name_ + ": arrays of " + in_quotes(type.text()) + " are not supported");
    }
    array.dtype = *dtype;
    const MsgpackValue elements = reader.next();
    if (elements.kind != MsgpackKind::binary && elements.kind != MsgpackKind::text) {
      reader.fail("an array's elements are no bytes");
    }
    array.bytes = elements.bytes;
    const auto count = flax_element_count(array.shape);
    if (!count || static_cast<std::uint64_t>(*count) != array.bytes.size() / size_of(*dtype) ||
        array.bytes.size() % size_of(*dtype) != 0) {
      reader.fail("an array of " + shape_text(array.shape) + " has " +
                  std::to_string(array.bytes.size()) + " bytes");
    }
    return array;
  }

  // {mark: true, "shape": {"0": …}, "chunks": {"0": array, …}}, which has no two arrays of 1 GiB in
  // one. The first key has been read.
  void read_chunks(const MsgpackValue& map, const std::string& path) {
    reader_.skip_values(reader_.next());
    FlaxShape shape;
    std::vector<FlaxArray> chunks;
    for (std::size_t i = 1; i < map.count; ++i) {
      const std::string_view key = read_key();
      const MsgpackValue value = reader_.next();
      if (value.kind != MsgpackKind::map || (key != "shape" && key != "chunks")) {
        reader_.fail("an array in chunks has something else than a shape and chunks");
      }
      if (key == "shape" && value.count > kMaxFlaxRank)
        reader_.fail("a shape has too many numbers");
      for (std::size_t n = 0; n < value.count; ++n) {
        // In their order, as flax writes them.
        if (read_key() != std::to_string(n)) reader_.fail("chunks are not in their order");
        const MsgpackValue part = reader_.next();
        if (key == "shape") {
          if (part.kind != MsgpackKind::integer || part.integer < 0) {
            reader_.fail("a shape has what is no size");
          }
          shape.push_back(part.integer);
        } else if (part.kind == MsgpackKind::extension && part.type == kArrayType) {
          chunks.push_back(read_array(part));
        } else {
          reader_.fail("a chunk is no array");
        }
      }
    }
    add(path, joined(chunks, std::move(shape)));
  }

  FlaxArray joined(std::span<const FlaxArray> chunks, FlaxShape shape) {
    if (chunks.empty()) reader_.fail("an array in chunks has none");
    FlaxArray whole = {.dtype = chunks.front().dtype, .shape = std::move(shape), .bytes = {}};
    std::size_t bytes = 0;
    for (const FlaxArray& chunk : chunks) {
      if (chunk.dtype != whole.dtype) reader_.fail("chunks of one array are of several types");
      bytes += chunk.bytes.size();
    }
    const auto count = flax_element_count(whole.shape);
    if (!count || static_cast<std::uint64_t>(*count) != bytes / size_of(whole.dtype)) {
      reader_.fail("chunks of an array of " + shape_text(whole.shape) + " have " +
                   std::to_string(bytes) + " bytes");
    }
    std::byte* out = copy(bytes);
    whole.bytes = {out, bytes};
    for (const FlaxArray& chunk : chunks) out = std::ranges::copy(chunk.bytes, out).out;
    return whole;
  }

  std::byte* copy(std::size_t bytes) {
    return file_.copies.emplace_back(allocate_aligned(std::max<std::size_t>(bytes, 1))).get();
  }

  void add(const std::string& path, const FlaxArray& array) {
    const std::size_t dot = path.rfind('.');
    const std::string_view last =
        std::string_view(path).substr(dot == std::string::npos ? 0 : dot + 1);
    const std::string module = path.substr(0, path.size() - last.size());
    const bool is_kernel = last == "kernel";
    const bool is_vector = last == "scale" || last == "bias";
    const std::string name =
        module +
        (is_kernel || last == "scale" || last == "embedding" ? "weight" : std::string(last));
    const std::size_t rank = array.shape.size();
    const bool is_stacked = (is_kernel && rank == 3) || (is_vector && rank == 2);
    if (!is_stacked) {
      add_tensor(name, is_kernel ? as_weight(array) : array);
      return;
    }
    const std::int64_t layers = array.shape.front();
    if (layers > kMaxFlaxLayers) {
      throw Error(ErrorCode::limit_exceeded, name_ + ": " + in_quotes(path) + " has more than " +
                                                 std::to_string(kMaxFlaxLayers) + " layers");
    }
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::size_t bytes = array.bytes.size() / static_cast<std::size_t>(layers);
      const FlaxArray layer = {
          .dtype = array.dtype,
          .shape = FlaxShape(array.shape.begin() + 1, array.shape.end()),
          .bytes = array.bytes.subspan(static_cast<std::size_t>(i) * bytes, bytes)};
      add_tensor(name + "#" + std::to_string(i), is_kernel ? as_weight(layer) : layer);
    }
  }

  // A kernel in PyTorch's order; others as they are.
  FlaxArray as_weight(const FlaxArray& kernel) {
    const FlaxShape& from = kernel.shape;
    FlaxArray weight = {.dtype = kernel.dtype, .shape = from, .bytes = kernel.bytes};
    const std::size_t size = size_of(kernel.dtype);
    const auto count = static_cast<std::int64_t>(kernel.bytes.size() / size);
    if (from.size() != 2 && from.size() != 4) return weight;
    std::byte* const out = copy(kernel.bytes.size());
    weight.bytes = {out, kernel.bytes.size()};
    if (from.size() == 2) {
      weight.shape = {from[1], from[0]};
      reorder(kernel.bytes.data(), count, size, out,
              [&](std::int64_t i) { return i % from[0] * from[1] + i / from[0]; });
      return weight;
    }
    weight.shape = {from[3], from[2], from[0], from[1]};
    const std::int64_t area = from[0] * from[1];
    reorder(kernel.bytes.data(), count, size, out, [&](std::int64_t i) {
      const std::int64_t pixel = i % area;
      const std::int64_t input = i / area % from[2];
      return (pixel * from[2] + input) * from[3] + i / (area * from[2]);
    });
    return weight;
  }

  void add_tensor(std::string name, const FlaxArray& array) {
    if (file_.tensors.size() == kMaxFlaxTensors) {
      throw Error(ErrorCode::limit_exceeded,
                  name_ + ": has more than " + std::to_string(kMaxFlaxTensors) + " tensors");
    }
    file_.tensors.push_back({.name = std::move(name),
                             .dtype = array.dtype,
                             .shape = array.shape,
                             .bytes = array.bytes});
  }

  const std::string& name_;
  MsgpackReader reader_;
  TorchFile file_;
};

}  // namespace

bool is_flax(std::span<const std::byte> bytes) {
  const auto at = [&](std::size_t place) {
    return place < bytes.size() ? std::to_integer<unsigned>(bytes[place]) : 0U;
  };
  const bool is_map = (at(0) > 0x80 && at(0) < 0x90) || at(0) == 0xDE || at(0) == 0xDF;
  const std::size_t key = at(0) == 0xDE ? 3 : at(0) == 0xDF ? 5 : 1;
  const bool has_name = at(key) > 0xA0 && at(key) < 0xC0;
  // safetensors begin with a length, and JSON behind it.
  return is_map && has_name && at(8) != '{' && at(key + 1) >= 0x20 && at(key + 1) < 0x7F;
}

TorchFile parse_flax(std::span<const std::byte> bytes, const std::string& name) {
  TorchFile file = FlaxParser(bytes, name).parse();
  std::vector<std::string_view> names;
  for (const CheckpointTensor& tensor : file.tensors) names.emplace_back(tensor.name);
  std::ranges::sort(names);
  const auto repeated = std::ranges::adjacent_find(names);
  if (repeated != names.end()) {
    throw Error(ErrorCode::malformed, name + ": has two tensors " + in_quotes(*repeated));
  }
  return file;
}

}  // namespace blip
