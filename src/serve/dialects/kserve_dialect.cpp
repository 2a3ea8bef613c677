// KServe v2, the Open Inference Protocol, as Triton's client speaks it: health, metadata, and
// inference with pictures and texts as BYTES tensors.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/in_quotes.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/kserve_inference.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"

namespace blip::serve {
namespace {

constexpr std::string_view kServerPath = "/v2";
constexpr std::string_view kModelsPath = "/v2/models/";

HttpResponse kserve_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"error", std::string(message)}}));
}

HttpResponse kserve_failure(const TaskFailure& failure) {
  return with_retry_after(kserve_error(status_of(failure.kind, 503), failure.message),
                          failure.kind);
}

// "/v2/models/blip/versions/1/infer"
struct KserveModelPath {
  std::string_view model;
  std::string_view version;  ///< empty: any
  std::string_view action;   ///< "infer", "ready", "config", "stats"; empty: metadata
};

// Names of models may hold '/', so the path is read from its end.
std::optional<KserveModelPath> kserve_model_path(std::string_view path) {
  if (!path.starts_with(kModelsPath)) return std::nullopt;
  KserveModelPath parts{.model = path.substr(kModelsPath.size()), .version = {}, .action = {}};
  for (const std::string_view action : {"infer", "ready", "config", "stats"}) {
    if (parts.model.size() > action.size() && parts.model.ends_with(action) &&
        parts.model[parts.model.size() - action.size() - 1] == '/') {
      parts.action = action;
      parts.model.remove_suffix(action.size() + 1);
      break;
    }
  }
  constexpr std::string_view kVersions = "/versions/";
  const std::size_t versions = parts.model.rfind(kVersions);
  if (versions != std::string_view::npos) {
    const std::string_view version = parts.model.substr(versions + kVersions.size());
    if (version.find('/') == std::string_view::npos) {
      parts.version = version;
      parts.model = parts.model.substr(0, versions);
    }
  }
  if (parts.model.empty()) return std::nullopt;
  return parts;
}

const ModelStatus& kserve_model(const KserveModelPath& path, const ServerView& server) {
  const ModelStatus* model = named_model(server, path.model);
  if (model == nullptr && !server.engine.models.empty()) model = &server.engine.models.front();
  if (model == nullptr || (!path.version.empty() && path.version != kKserveVersion)) {
    throw Refusal(FailureKind::model_not_found,
                  "model " + in_quotes(path.model) + " version " +
                      in_quotes(path.version.empty() ? kKserveVersion : path.version) +
                      " not found");
  }
  return *model;
}

struct KserveTensorInfo {
  const char* name;
  const char* type;
  std::vector<std::int64_t> shape;
};

std::vector<KserveTensorInfo> kserve_inputs(const ModelStatus& model) {
  std::vector<KserveTensorInfo> inputs{{"image", "BYTES", {-1}}};
  if (can(model, TaskKind::caption)) inputs.push_back({"prompt", "BYTES", {-1}});
  if (can(model, TaskKind::answer)) inputs.push_back({"question", "BYTES", {-1}});
  if (can(model, TaskKind::match)) inputs.push_back({"text", "BYTES", {-1}});
  if (can(model, TaskKind::classify)) inputs.push_back({"labels", "BYTES", {-1}});
  return inputs;
}

std::vector<KserveTensorInfo> kserve_outputs(const ModelStatus& model) {
  std::vector<KserveTensorInfo> outputs;
  if (can(model, TaskKind::caption)) outputs.push_back({"caption", "BYTES", {-1}});
  if (can(model, TaskKind::answer)) outputs.push_back({"answer", "BYTES", {-1}});
  if (can(model, TaskKind::classify) || can(model, TaskKind::tag)) {
    outputs.push_back({"label", "BYTES", {-1, -1}});
  }
  outputs.push_back({"score", "FP32", {-1}});
  if (can(model, TaskKind::embed)) {
    outputs.push_back({"embedding", "FP32", {-1, model.embedding_size}});
  }
  return outputs;
}

nlohmann::ordered_json kserve_metadata(const ModelStatus& model) {
  const auto described = [](const std::vector<KserveTensorInfo>& tensors) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& tensor : tensors) {
      list.push_back({{"name", tensor.name}, {"datatype", tensor.type}, {"shape", tensor.shape}});
    }
    return list;
  };
  return {{"name", model.name},
          {"versions", {kKserveVersion}},
          {"platform", "blip_cpp"},
          {"inputs", described(kserve_inputs(model))},
          {"outputs", described(kserve_outputs(model))}};
}

// As Triton's ModelConfig has it.
nlohmann::ordered_json kserve_config(const ModelStatus& model) {
  const auto described = [](const std::vector<KserveTensorInfo>& tensors) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& tensor : tensors) {
      list.push_back(
          {{"name", tensor.name},
           {"data_type", std::string_view(tensor.type) == "BYTES" ? "TYPE_STRING" : "TYPE_FP32"},
           {"dims", tensor.shape}});
    }
    return list;
  };
  return {{"name", model.name},
          {"platform", "blip_cpp"},
          {"backend", "blip_cpp"},
          {"max_batch_size", 0},  // the first dimension is part of the shapes
          {"input", described(kserve_inputs(model))},
          {"output", described(kserve_outputs(model))}};
}

HttpResponse empty_response(bool good) {
  return {.status = good ? 200 : 503, .headers = {}, .body = {}};
}

Plan plan_kserve_model(const KserveModelPath& path, const HttpRequest& http,
                       const ServerView& server) {
  const ModelStatus& model = kserve_model(path, server);
  if (path.action == "infer") {
    return kserve_inference(model, path.model, http, server, kserve_failure);
  }
  if (path.action == "ready") return empty_response(!server.engine.draining);
  if (path.action == "config") return HttpResponse::json(200, json_text_of(kserve_config(model)));
  if (path.action == "stats") {
    // Numbers are in /metrics.
    return HttpResponse::json(
        200, json_text_of(
                 {{"model_stats", nlohmann::ordered_json::array(
                                      {{{"name", model.name}, {"version", kKserveVersion}}})}}));
  }
  return HttpResponse::json(200, json_text_of(kserve_metadata(model)));
}

Plan plan_kserve_server(const HttpRequest& http, const ServerView& server) {
  if (http.path == "/v2/health/live") return empty_response(true);
  if (http.path == "/v2/health/ready") {
    return empty_response(server.engine.ready && !server.engine.draining);
  }
  if (http.path == "/v2/repository/index") {
    auto list = nlohmann::ordered_json::array();
    for (const auto& model : server.engine.models) {
      list.push_back({{"name", model.name},
                      {"version", kKserveVersion},
                      {"state", "READY"},  // loaded, or as soon as it is needed
                      {"reason", ""}});
    }
    return HttpResponse::json(200, json_text_of(list));
  }
  return HttpResponse::json(
      200, json_text_of({{"name", "blip.cpp"},
                         {"version", server.version},
                         {"extensions", {"binary_tensor_data", "model_configuration"}}}));
}

std::vector<std::string_view> kserve_methods(std::string_view path) {
  if (path == "/v2/repository/index") return {"POST"};
  if (path == kServerPath || path == "/v2/" || path == "/v2/health/live" ||
      path == "/v2/health/ready") {
    return {"GET", "HEAD"};
  }
  const auto model = kserve_model_path(path);
  if (!model) return {};
  if (model->action == "infer") return {"POST"};
  return {"GET", "HEAD"};
}

std::optional<Plan> plan_kserve(const HttpRequest& http, const ServerView& server) {
  const auto methods = kserve_methods(http.path);
  if (std::find(methods.begin(), methods.end(), http.method) == methods.end()) return std::nullopt;
  return plan_or_refusal(kserve_failure, [&]() -> std::optional<Plan> {
    refuse_unread_if_full(http, server);
    if (const auto model = kserve_model_path(http.path)) {
      return plan_kserve_model(*model, http, server);
    }
    return plan_kserve_server(http, server);
  });
}

}  // namespace

Dialect kserve_dialect() {
  return {.name = "kserve",
          .plan = plan_kserve,
          .error = kserve_error,
          .prefixes = {"/v2"},
          .methods = kserve_methods};
}

}  // namespace blip::serve
