// Captioners of image generators' web interfaces: AUTOMATIC1111's /sdapi/v1/interrogate,
// SillyTavern-Extras' /api/caption and KoboldCpp's /api/v1/generate with images.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/description.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/dialects/routes.hpp"

namespace blip::serve {
namespace {

HttpResponse web_ui_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"detail", std::string(message)}}));
}

HttpResponse web_ui_failure(const TaskFailure& failure) {
  return with_retry_after(web_ui_error(status_of(failure.kind, 503), failure.message),
                          failure.kind);
}

Work web_ui_work(std::vector<Task> tasks,
                 std::function<nlohmann::ordered_json(std::span<const TaskOutcome>)> answer) {
  return {.tasks = std::move(tasks),
          .respond = [answer = std::move(answer)](std::span<const TaskOutcome> outcomes) {
            if (const auto* failure = first_failure(outcomes)) return web_ui_failure(*failure);
            return HttpResponse::json(200, json_text_of(answer(outcomes)));
          }};
}

// What the web interface's BLIP is asked for, unless its settings are changed.
GenerationOptions interrogation() {
  return {.max_length = 48, .min_length = 24, .num_beams = 1};
}

bool is_model_called(const JsonFields& fields, std::string_view name) {
  return fields.string("model").value_or("clip") == name;
}

// "clip" is BLIP there. "deepdanbooru" gives tags.
Plan plan_interrogate(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const auto pictures = pictures_of_json(fields.find("image"), "image");
  if (pictures.empty()) return web_ui_error(404, "Image not found");
  if (is_model_called(fields, "deepdanbooru")) {
    const ModelStatus* tagger = first_model(server, TaskKind::tag);
    if (tagger == nullptr) return web_ui_error(404, "Model not found");
    std::vector<Task> tasks{{.model = tagger->name,
                             .input = TagTask{.picture = pictures.front()},
                             .client = request.client}};
    return web_ui_work(std::move(tasks), [](std::span<const TaskOutcome> outcomes) {
      std::string tags;
      for (const auto& label : result_of<LabelsResult>(outcomes.front()).labels) {
        tags += (tags.empty() ? "" : ", ") + label.label;
      }
      return nlohmann::ordered_json{{"caption", tags}};
    });
  }
  std::string model;
  if (!is_model_called(fields, "clip")) {
    model = fields.string("model").value_or("");
    if (find_model(server, model) == nullptr && !server.any_model) {
      return web_ui_error(404, "Model not found");
    }
  }
  std::vector<Task> tasks{
      {.model = model_for(server, model, TaskKind::caption),
       .input = CaptionTask{.picture = pictures.front(), .generation = interrogation()},
       .client = request.client}};
  return web_ui_work(std::move(tasks), [](std::span<const TaskOutcome> outcomes) {
    const auto& texts = result_of<TextResult>(outcomes.front()).texts;
    return nlohmann::ordered_json{{"caption", texts.front().text}};
  });
}

// webuiapi asks for the scripts before anything else and takes any list.
Plan plan_scripts(const HttpRequest& /*request*/, const ServerView& /*server*/) {
  return HttpResponse::json(200, R"({"txt2img":[],"img2img":[]})");
}

Plan plan_extras_caption(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  auto tasks = description_tasks({.pictures = pictures_of_json(fields.find("image"), "image")},
                                 request, server);
  return web_ui_work(std::move(tasks),
                     [strip = server.strip_openings](std::span<const TaskOutcome> outcomes) {
                       const auto description = description_of(outcomes, {.strip_opening = strip});
                       return nlohmann::ordered_json{{"caption", description.text}};
                     });
}

Plan plan_extras_modules(const HttpRequest& /*request*/, const ServerView& /*server*/) {
  return HttpResponse::json(200, R"({"modules":["caption"]})");
}

// A prompt without the marks by which chat templates tell roles apart.
std::string without_roles(std::string text) {
  constexpr std::array kMarks = {
      "### Instruction:", "### Response:", "### Input:", "[INST]", "[/INST]", "{{[INPUT]}}",
      "{{[OUTPUT]}}",     "USER:",         "ASSISTANT:", "<s>",    "</s>"};
  for (const std::string_view mark : kMarks) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), 1, '\n');
    }
  }
  // "<|im_start|>user": the mark and the name of the role.
  for (std::size_t at = text.find("<|"); at != std::string::npos; at = text.find("<|", at)) {
    std::size_t end = text.find("|>", at);
    if (end == std::string::npos) break;
    end += 2;
    for (const std::string_view role : {"user", "assistant", "system"}) {
      if (std::string_view(text).substr(end).starts_with(role)) {
        end += role.size();
        break;
      }
    }
    text.replace(at, end - at, 1, '\n');
  }
  return text;
}

Plan plan_kobold_generate(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  constexpr int kMaxKoboldTokens = 1'000'000;
  const ClientSampling sampling{
      .temperature = fields.number("temperature", {0, 100}),
      .top_p = fields.number("top_p", {0, 1}),
      .top_k = whole_number(fields, "top_k", {0, kMaxKoboldTokens}),
      .max_tokens = whole_number(fields, "max_length", {0, kMaxKoboldTokens}),
      .seed = seed_of(fields, "sampler_seed")};
  auto tasks = description_tasks({.pictures = pictures_of_json(fields.find("images"), "images"),
                                  .prompt = without_roles(fields.string("prompt").value_or("")),
                                  .generation = generation_of(sampling)},
                                 request, server);
  return web_ui_work(
      std::move(tasks), [strip = server.strip_openings](std::span<const TaskOutcome> outcomes) {
        const auto description = description_of(outcomes, {.strip_opening = strip});
        return nlohmann::ordered_json{
            {"results", nlohmann::ordered_json::array({{{"text", description.text}}})}};
      });
}

Plan plan_kobold_model(const HttpRequest& /*request*/, const ServerView& server) {
  const ModelStatus* model = first_model(server, TaskKind::caption);
  return HttpResponse::json(
      200, json_text_of({{"result", "koboldcpp/" + (model != nullptr ? model->name : "none")}}));
}

constexpr std::array kWebUiRoutes = {Route{"POST", "/sdapi/v1/interrogate", plan_interrogate},
                                     Route{"GET", "/sdapi/v1/scripts", plan_scripts},
                                     Route{"POST", "/api/caption", plan_extras_caption},
                                     Route{"GET", "/api/modules", plan_extras_modules},
                                     Route{"POST", "/api/v1/generate", plan_kobold_generate},
                                     Route{"GET", "/api/v1/model", plan_kobold_model}};

}  // namespace

Dialect automatic1111_dialect() {
  return {
      .name = "automatic1111",
      .plan =
          [](const HttpRequest& request, const ServerView& server) {
            return plan_by_routes(kWebUiRoutes, request, server, web_ui_failure);
          },
      .error = web_ui_error,
      .prefixes = {"/sdapi/", "/api/caption", "/api/modules", "/api/v1/generate", "/api/v1/model"},
      .methods = [](std::string_view path) { return methods_of(kWebUiRoutes, path); }};
}

}  // namespace blip::serve
