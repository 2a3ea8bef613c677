// A checkpoint as the original authors publish theirs, at a small size.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/checkpoint/tensor_files.hpp"
#include "tests/checkpoint/torch_bytes.hpp"

namespace blip::testing {

/// A .pth with {"model": …}: one storage a tensor, the n-th of n's, but tied tensors share theirs;
/// and single numbers of the names of `more`.
inline std::string original_checkpoint(const BlipConfig& config,
                                       const std::vector<std::string>& more = {}) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<std::pair<std::string, std::string>> storages;
  std::vector<std::string> names;  // of the storages
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::string& stand_in) {
    std::int64_t elements = 1;
    std::vector<std::int64_t> strides(shape.size());
    for (std::size_t i = shape.size(); i > 0; --i) {
      strides[i - 1] = elements;
      elements *= shape[i - 1];
    }
    const auto shared = std::find(names.begin(), names.end(), stand_in);
    const std::string key = std::to_string(shared - names.begin());
    if (shared == names.end()) {
      std::string values;
      const std::string value = float_bytes({static_cast<float>(names.size())});
      for (std::int64_t i = 0; i < elements; ++i) values += value;
      storages.emplace_back(key, values);
      names.push_back(name);
    }
    entries.emplace_back(
        original_name(name),
        pickled({.key = key, .elements = elements, .shape = shape, .strides = strides}));
  };
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    add(tensor.name, tensor.shape, tensor.stand_in);
  }
  for (const std::string& name : more) add(name, {}, "");
  return torch_zip(pickled_dict({{"model", pickled_dict(entries)}, {"epoch", pickled(19)}}),
                   storages);
}

}  // namespace blip::testing
