// Tensors of KServe v2 requests and responses (Open Inference Protocol), in JSON or as binary data
// behind the JSON (the extension "binary_tensor_data").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/message.hpp"

namespace blip::serve {

inline constexpr std::size_t kMaxKserveTensors = 32;     ///< inputs, and outputs
inline constexpr std::size_t kMaxKserveElements = 4096;  ///< texts of one tensor

/// A BYTES tensor of a request: the only type that a model here reads.
struct KserveInput {
  std::string name;
  std::vector<std::int64_t> shape;
  /// The elements, in row-major order; views into the request's body or into `owner`.
  std::vector<std::string_view> elements;
  std::shared_ptr<const std::string> owner;
  /// False: they were texts in JSON. Pictures are base64 there.
  bool binary = false;
};

struct KserveOutput {
  std::string name;
  std::optional<bool> binary = {};  ///< as the request says of this output
};

struct KserveRequest {
  std::string id = {};
  std::vector<KserveInput> inputs = {};
  std::vector<KserveOutput> outputs = {};  ///< empty: all
  nlohmann::json parameters = nlohmann::json::object();
  bool binary_outputs = false;  ///< parameters.binary_data_output

  [[nodiscard]] const KserveInput* find(std::string_view name) const;
};

/// The header Inference-Header-Content-Length says how much of the body is JSON; without it, all.
/// Every byte behind the JSON must belong to a tensor. Throws malformed, invalid_argument,
/// unsupported and limit_exceeded.
KserveRequest read_kserve_request(const HttpRequest& request);

/// A tensor of a response: either texts or numbers.
struct KserveResult {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<std::string> texts = {};  ///< BYTES
  std::vector<float> numbers = {};      ///< FP32
  bool is_text = false;
};

/// Of the outputs that the request names, or of all. head: model_name, model_version, id. If one
/// output is binary, the response has Inference-Header-Content-Length. Texts in JSON are UTF-8.
HttpResponse kserve_response(nlohmann::ordered_json head, const KserveRequest& request,
                             std::span<const KserveResult> results);

}  // namespace blip::serve
