// Files of torch.save written by hand, good and bad.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip {

/// Little endian.
template <typename Unsigned>
std::string number_bytes(Unsigned value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>((std::uint64_t{value} >> (8 * i)) & 0xFFU);
  }
  return bytes;
}

inline std::string float_bytes(std::initializer_list<float> values) {
  std::string bytes;
  for (const float value : values) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof value);
  }
  return bytes;
}

struct ZipPart {
  std::string name;
  std::string data;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

/// An archive of stored entries as zip has them, without checksums.
inline std::string zip_bytes(const std::vector<ZipPart>& parts) {
  std::string archive;
  std::string directory;
  for (const ZipPart& part : parts) {
    const auto offset = static_cast<std::uint32_t>(archive.size());
    const auto size = number_bytes(static_cast<std::uint32_t>(part.data.size()));
    const auto name_size = number_bytes(static_cast<std::uint16_t>(part.name.size()));
    std::string common = number_bytes(std::uint16_t{0}) + number_bytes(part.flags);
    common.append(number_bytes(part.method)).append(8, '\0').append(size).append(size);
    common.append(name_size).append(number_bytes(std::uint16_t{0}));
    archive.append("PK\x03\x04").append(common).append(part.name).append(part.data);
    directory.append("PK\x01\x02").append(number_bytes(std::uint16_t{0})).append(common);
    directory.append(10, '\0').append(number_bytes(offset)).append(part.name);
  }
  const auto count = number_bytes(static_cast<std::uint16_t>(parts.size()));
  const auto offset = number_bytes(static_cast<std::uint32_t>(archive.size()));
  archive += directory;
  return archive + "PK\x05\x06" + std::string(4, '\0') + count + count +
         number_bytes(static_cast<std::uint32_t>(directory.size())) + offset +
         number_bytes(std::uint16_t{0});
}

// Pieces of a pickle of protocol 2.

inline std::string pickled(std::string_view text) {
  return "X" + number_bytes(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string pickled(std::int64_t value) {
  return "\x8A\x08" + number_bytes(static_cast<std::uint64_t>(value));
}
inline std::string pickled(const std::vector<std::int64_t>& sizes) {
  std::string tuple = "(";
  for (const std::int64_t size : sizes) tuple += pickled(size);
  return tuple + "t";
}

struct PickledTensor {
  std::string key = "0";  ///< of its storage
  std::int64_t elements = 0;
  std::vector<std::int64_t> shape = {};
  std::vector<std::int64_t> strides = {};
  std::int64_t offset = 0;
  std::string type = "FloatStorage";
};

/// `legacy`: with the sixth part that the old container has.
inline std::string pickled(const PickledTensor& tensor, bool legacy = false) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") + "ctorch\n" + tensor.type +
         "\n" + pickled(tensor.key) + pickled("cpu") + pickled(tensor.elements) +
         (legacy ? "N" : "") + "tQ" + pickled(tensor.offset) + pickled(tensor.shape) +
         pickled(tensor.strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

/// {name: value}, whose values are pickled already.
inline std::string pickled_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string dict = "}(";
  for (const auto& [name, value] : entries) dict += pickled(name) + value;
  return dict + "u";
}

inline std::string whole_pickle(const std::string& value) {
  return "\x80\x02" + value + ".";
}

/// What torch.save writes since 1.6.
inline std::string torch_zip(const std::string& value,
                             const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipPart> parts = {{"archive/data.pkl", whole_pickle(value)},
                                {"archive/byteorder", "little"}};
  for (const auto& [key, data] : storages) parts.push_back({"archive/data/" + key, data});
  parts.push_back({"archive/version", "3\n"});
  return zip_bytes(parts);
}

/// What it wrote before: storages are (key, number of elements, data).
struct LegacyStorage {
  std::string key;
  std::uint64_t elements;
  std::string data;
};
inline std::string torch_legacy(const std::string& value,
                                const std::vector<LegacyStorage>& storages) {
  std::string bytes = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.";
  bytes += whole_pickle("M\xE9\x03");
  bytes += whole_pickle(pickled_dict({{"little_endian", "\x88"}}));
  bytes += whole_pickle(value);
  std::string keys = "](";
  for (const LegacyStorage& storage : storages) keys += pickled(storage.key);
  bytes += whole_pickle(keys + "e");
  for (const LegacyStorage& storage : storages) {
    bytes += number_bytes(storage.elements) + storage.data;
  }
  return bytes;
}

}  // namespace blip
