// Models without files: a configuration, and weights made from the names of their tensors, as
// tools/reference/filled_models.py makes them for transformers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/expected_tensors.hpp"
#include "blip/tensor.hpp"
#include "golden_values.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {

/// Value i of tensor `name`, in [-1, 1).
std::vector<float> filled_values(const std::string& name, std::size_t count);

/// filled_values as a tensor.
Tensor filled_tensor(const std::string& name, std::vector<std::int64_t> shape);

/// A safetensors file of these tensors, filled.
std::string filled_file(const std::vector<ExpectedTensor>& tensors);

/// An object whose "config" is a model's configuration.
struct FilledGolden {
  nlohmann::json value;
};

/// A model directory. The configuration is that of an entry of tests/tasks/data/filled.json or
/// another file there; its tensors are listed beside it, or follow from it.
class FilledModel {
 public:
  explicit FilledModel(const std::string& name, const std::string& file = "filled.json");
  explicit FilledModel(FilledGolden golden);

  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  [[nodiscard]] const nlohmann::json& golden() const { return golden_; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  nlohmann::json golden_;
  TemporaryDirectory directory_;
};

/// tensor: [B, C], or of [B, N, C] every fifth number of each image; rows: [B] lists of numbers
void expect_rows(const Tensor& tensor, const nlohmann::json& rows, double tolerance,
                 const std::string& what);

}  // namespace blip
