#include "serve/dialects/kserve_tensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/request_json.hpp"

namespace blip::serve {
namespace {

static_assert(std::endian::native == std::endian::little, "binary tensors are little-endian");

constexpr const char* kHeaderLength = "Inference-Header-Content-Length";
constexpr std::size_t kMaxKserveRank = 8;

std::size_t json_length(const HttpRequest& request) {
  const auto header = request.headers.find(kHeaderLength);
  if (!header) return request.body->size();
  std::size_t length = 0;
  const auto [end, error] =
      std::from_chars(header->data(), header->data() + header->size(), length);
  if (error != std::errc() || end != header->data() + header->size() || header->empty() ||
      length > request.body->size()) {
    throw Error(ErrorCode::invalid_argument, std::string(kHeaderLength) + ": " +
                                                 in_quotes(*header) +
                                                 " is no length of JSON in a body of " +
                                                 std::to_string(request.body->size()) + " bytes");
  }
  return length;
}

[[noreturn]] void fail_tensor(const std::string& name, const std::string& problem,
                              ErrorCode code = ErrorCode::invalid_argument) {
  throw Error(code, "input " + in_quotes(name) + ": " + problem);
}

// shape → its number of elements
std::size_t read_shape(const nlohmann::json& value, KserveInput& input) {
  if (!value.is_array() || value.size() > kMaxKserveRank) {
    fail_tensor(input.name, "shape must be a list of up to 8 numbers");
  }
  std::size_t count = 1;
  for (const auto& dimension : value) {
    const bool fits =
        dimension.is_number_unsigned() && dimension.get<std::uint64_t>() <= kMaxKserveElements;
    if (!fits) fail_tensor(input.name, "shape has a dimension that is not 0 to 4096");
    input.shape.push_back(dimension.get<std::int64_t>());
    count *= dimension.get<std::size_t>();  // both factors are at most 4096
    if (count > kMaxKserveElements) {
      fail_tensor(input.name, "more than 4096 elements", ErrorCode::limit_exceeded);
    }
  }
  return count;
}

// bytes: elements, each behind its length
void read_binary_elements(std::string_view bytes, std::size_t count, KserveInput& input) {
  input.binary = true;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length) fail_tensor(input.name, "its binary data ends too early");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > bytes.size()) fail_tensor(input.name, "an element is longer than its binary data");
    input.elements.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (!bytes.empty()) fail_tensor(input.name, "more binary data than its shape says");
}

// data: texts, in a flat list whatever the shape is, or nested as the shape is
void flatten(const nlohmann::json& data, std::vector<const std::string*>& texts,
             const KserveInput& input) {
  for (const auto& value : data) {
    if (value.is_array()) {
      flatten(value, texts, input);
    } else if (value.is_string()) {
      texts.push_back(&value.get_ref<const std::string&>());
    } else {
      fail_tensor(input.name, "data must be texts");
    }
    if (texts.size() > kMaxKserveElements) {
      fail_tensor(input.name, "more than 4096 elements", ErrorCode::limit_exceeded);
    }
  }
}

void read_json_elements(const nlohmann::json& data, std::size_t count, KserveInput& input) {
  if (!data.is_array()) fail_tensor(input.name, "data must be a list");
  std::vector<const std::string*> texts;
  flatten(data, texts, input);
  if (texts.size() != count) {
    fail_tensor(input.name, std::to_string(texts.size()) + " elements, but its shape says " +
                                std::to_string(count));
  }
  std::string all;
  for (const auto* text : texts) all += *text;
  input.owner = std::make_shared<const std::string>(std::move(all));
  std::size_t begin = 0;
  for (const auto* text : texts) {
    input.elements.push_back(std::string_view(*input.owner).substr(begin, text->size()));
    begin += text->size();
  }
}

// binary: what is left of the body behind the JSON
KserveInput read_tensor(const nlohmann::json& value, std::string_view& binary,
                        const HttpRequest& request) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, "inputs: must be objects");
  const JsonFields fields(value, "input");
  KserveInput input;
  input.name = fields.string("name").value_or("");
  if (input.name.empty()) fields.fail("name", "is needed", ErrorCode::invalid_argument);
  const auto* shape = fields.find("shape");
  if (shape == nullptr) fail_tensor(input.name, "shape is needed");
  const std::string type = fields.string("datatype").value_or("");
  if (type != "BYTES") {
    fail_tensor(input.name, "datatype must be BYTES, not " + in_quotes(type),
                ErrorCode::unsupported);
  }
  const std::size_t count = read_shape(*shape, input);
  const auto parameters = fields.object("parameters");
  const auto* size = parameters ? parameters->find("binary_data_size") : nullptr;
  const auto* data = fields.find("data");
  if ((size == nullptr) == (data == nullptr)) {
    fail_tensor(input.name, "needs either data or binary_data_size");
  }
  if (data != nullptr) {
    read_json_elements(*data, count, input);
    return input;
  }
  if (!size->is_number_unsigned() || size->get<std::uint64_t>() > binary.size()) {
    fail_tensor(input.name, "binary_data_size is more than the body has");
  }
  const auto bytes = binary.substr(0, size->get<std::size_t>());
  binary.remove_prefix(bytes.size());
  input.owner = request.body;
  read_binary_elements(bytes, count, input);
  return input;
}

KserveOutput read_output(const nlohmann::json& value) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, "outputs: must be objects");
  const JsonFields fields(value, "output");
  KserveOutput output{.name = fields.string("name").value_or("")};
  if (const auto parameters = fields.object("parameters")) {
    output.binary = parameters->boolean("binary_data");
  }
  return output;
}

const nlohmann::json* list_of(const JsonFields& fields, const char* key) {
  const auto* list = fields.find(key);
  if (list == nullptr) return nullptr;
  if (!list->is_array()) fields.fail(key, "must be a list", ErrorCode::invalid_argument);
  if (list->size() > kMaxKserveTensors) {
    fields.fail(key, "has more than 32 tensors", ErrorCode::limit_exceeded);
  }
  return list;
}

void append_length(std::string& bytes, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  std::array<char, sizeof value> raw{};
  std::memcpy(raw.data(), &value, sizeof value);
  bytes.append(raw.data(), raw.size());
}

std::string binary_of(const KserveResult& result) {
  std::string bytes;
  if (!result.is_text) {
    bytes.resize(result.numbers.size() * sizeof(float));
    if (!bytes.empty()) std::memcpy(bytes.data(), result.numbers.data(), bytes.size());
    return bytes;
  }
  for (const auto& text : result.texts) {
    append_length(bytes, text.size());
    bytes += text;
  }
  return bytes;
}

}  // namespace

const KserveInput* KserveRequest::find(std::string_view name) const {
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](const KserveInput& input) { return input.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

KserveRequest read_kserve_request(const HttpRequest& request) {
  const std::size_t length = json_length(request);
  const std::string_view body = *request.body;
  const auto json = parse_json_object(body.substr(0, length), kRequestName,
                                      {.depth = kMaxRequestDepth, .values = kMaxRequestValues});
  std::string_view binary = body.substr(length);
  const JsonFields fields(json, kRequestName);
  KserveRequest read;
  read.id = fields.string("id").value_or("");
  if (const auto* inputs = list_of(fields, "inputs")) {
    for (const auto& input : *inputs) {
      read.inputs.push_back(read_tensor(input, binary, request));
      const std::string& name = read.inputs.back().name;
      if (read.find(name) != &read.inputs.back()) fail_tensor(name, "it is there twice");
    }
  }
  if (!binary.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "request: " + std::to_string(binary.size()) + " bytes belong to no input");
  }
  if (const auto* outputs = list_of(fields, "outputs")) {
    for (const auto& output : *outputs) read.outputs.push_back(read_output(output));
  }
  if (const auto parameters = fields.object("parameters")) {
    read.binary_outputs = parameters->boolean("binary_data_output").value_or(false);
    read.parameters = *fields.find("parameters");
  }
  return read;
}

HttpResponse kserve_response(nlohmann::ordered_json head, const KserveRequest& request,
                             std::span<const KserveResult> results) {
  auto outputs = nlohmann::ordered_json::array();
  std::string binary;
  bool any_binary = false;
  const auto add = [&](const KserveResult& result, bool as_binary) {
    nlohmann::ordered_json output = {{"name", result.name},
                                     {"datatype", result.is_text ? "BYTES" : "FP32"},
                                     {"shape", result.shape}};
    if (as_binary) {
      any_binary = true;
      const std::string bytes = binary_of(result);
      output["parameters"] = {{"binary_data_size", bytes.size()}};
      binary += bytes;
    } else if (result.is_text) {
      output["data"] = result.texts;
    } else {
      output["data"] = json_numbers(result.numbers);
    }
    outputs.push_back(std::move(output));
  };
  if (request.outputs.empty()) {
    for (const auto& result : results) add(result, request.binary_outputs);
  }
  for (const auto& wanted : request.outputs) {
    const auto found =
        std::find_if(results.begin(), results.end(),
                     [&](const KserveResult& result) { return result.name == wanted.name; });
    if (found != results.end()) add(*found, wanted.binary.value_or(request.binary_outputs));
  }
  head["outputs"] = std::move(outputs);
  const std::string json = json_text_of(head);
  if (!any_binary) return HttpResponse::json(200, json);
  return {.status = 200,
          .headers = {{"Content-Type", "application/octet-stream"},
                      {kHeaderLength, std::to_string(json.size())}},
          .body = json + binary};
}

}  // namespace blip::serve
