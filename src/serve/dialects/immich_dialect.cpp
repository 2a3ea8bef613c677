// Immich's machine learning service: /ping and /predict, of which the tasks "clip" are done here.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "core/unicode.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_inputs.hpp"
#include "serve/dialects/immich_models.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/http/multipart.hpp"

namespace blip::serve {
namespace {

HttpResponse immich_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"detail", std::string(message)}}));
}

HttpResponse immich_failure(const TaskFailure& failure) {
  return with_retry_after(immich_error(status_of(failure.kind, 503), failure.message),
                          failure.kind);
}

// What FastAPI answers; Immich logs it.
struct InvalidImmichRequest {};

struct ImmichEntry {
  std::string type;  ///< "visual" or "textual"
  std::string model;
};

// entries: {"clip": {"visual": {"modelName": "…", "options": {}}}}
std::vector<ImmichEntry> immich_entries(std::string_view text) {
  nlohmann::json entries;
  try {
    entries = parse_json_object(text, "entries",
                                {.depth = kMaxRequestDepth, .values = kMaxRequestValues});
  } catch (const Error&) {
    throw InvalidImmichRequest();
  }
  std::vector<ImmichEntry> found;
  for (const auto& [task, types] : entries.items()) {
    if (!types.is_object()) throw InvalidImmichRequest();
    for (const auto& [type, entry] : types.items()) {
      if (!entry.is_object()) throw InvalidImmichRequest();
      const auto model = entry.find("modelName");
      const auto options = entry.find("options");
      if (model == entry.end() || !model->is_string()) throw InvalidImmichRequest();
      // options.language chooses a token of NLLB's; CLIP and SigLIP read all languages alike.
      if (options != entry.end() && !options->is_object() && !options->is_null()) {
        throw InvalidImmichRequest();
      }
      if (task != "clip" || (type != "visual" && type != "textual")) {
        throw Refusal(FailureKind::not_supported,
                      "task " + in_quotes(task + "/" + type) +
                          ": this server does clip/visual and clip/textual; keep Immich's own "
                          "container as a second URL for the others");
      }
      found.push_back({.type = type, .model = model->get<std::string>()});
    }
  }
  return found;
}

std::string immich_model(const ServerView& server, const std::string& name) {
  if (const ModelStatus* model = find_immich_model(server, name)) return model->name;
  if (server.any_model) return embedding_model(server, "", true);
  throw Refusal(FailureKind::model_not_found, "model " + in_quotes(name) + " not found");
}

// As Immich cleans texts: blanks together; for SigLIP in lower case without ASCII's punctuation.
std::string immich_text(std::string_view text, bool plain) {
  constexpr std::string_view kPythonPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  std::string clean;
  bool blank = false;
  while (!text.empty()) {
    const DecodedCharacter c = decode_utf8(text);
    text.remove_prefix(c.length);
    if ((properties_of(c.code_point) & kWhitespace) != 0) {
      blank = true;
      continue;
    }
    if (blank && !clean.empty()) clean.push_back(' ');
    blank = false;
    if (!plain) {
      append_utf8(c.code_point, clean);
    } else if (c.code_point > 0x7F ||
               kPythonPunctuation.find(static_cast<char>(c.code_point)) == std::string_view::npos) {
      append_lowercase(c.code_point, clean);
    }
  }
  return clean;
}

// Postgres reads it: a JSON array in a JSON string.
std::string immich_vector(const EmbeddingResult& result) {
  return json_text_of(json_numbers(row_of(result.embeddings, 0)));
}

// Immich loses a job that is refused, and asks nobody else: all wait.
Work immich_image_work(const std::vector<ImmichEntry>& entries, const Picture& picture,
                       const HttpRequest& request, const ServerView& server) {
  std::vector<Task> tasks;
  for (const auto& entry : entries) {
    if (entry.type != "visual") {
      throw Error(ErrorCode::invalid_argument, "clip/textual needs a text, and there is an image");
    }
    tasks.push_back({.model = immich_model(server, entry.model),
                     .input = EmbedImageTask{picture},
                     .client = request.client,
                     .is_patient = true});
  }
  const bool asked = !tasks.empty();
  if (!asked) {  // the sizes alone
    tasks.push_back({.model = embedding_model(server, "", false),
                     .input = EmbedImageTask{picture},
                     .client = request.client,
                     .is_patient = true});
  }
  return {.tasks = std::move(tasks), .respond = [asked](std::span<const TaskOutcome> outcomes) {
            if (const auto* failure = first_failure(outcomes)) return immich_failure(*failure);
            const auto& result = result_of<EmbeddingResult>(outcomes.front());
            nlohmann::ordered_json body = nlohmann::ordered_json::object();
            if (asked) body["clip"] = immich_vector(result);
            body["imageHeight"] = result.image_height;
            body["imageWidth"] = result.image_width;
            return HttpResponse::json(200, json_text_of(body));
          }};
}

Plan immich_text_plan(const std::vector<ImmichEntry>& entries, std::string_view text,
                      const HttpRequest& request, const ServerView& server) {
  if (!is_valid_utf8(text)) throw InvalidImmichRequest();
  std::vector<Task> tasks;
  for (const auto& entry : entries) {
    if (entry.type != "textual") {
      throw Error(ErrorCode::invalid_argument, "clip/visual needs an image, and there is a text");
    }
    const std::string name = immich_model(server, entry.model);
    const ModelStatus* model = find_model(server, name);
    tasks.push_back({.model = name,
                     .input = EmbedTextsTask{{immich_text(
                         text, model != nullptr && reads_plain_texts(*model))}},
                     .client = request.client,
                     .is_patient = true});
  }
  if (tasks.empty()) return HttpResponse::json(200, "{}");
  return Work{.tasks = std::move(tasks), .respond = [](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) return immich_failure(*failure);
                const auto& result = result_of<EmbeddingResult>(outcomes.front());
                return HttpResponse::json(200, json_text_of({{"clip", immich_vector(result)}}));
              }};
}

Plan plan_immich_predict(const HttpRequest& request, const ServerView& server) {
  std::vector<FormPart> parts;
  try {
    parts = parse_form(request.headers.find("Content-Type").value_or(""), *request.body);
  } catch (const Error&) {
    throw InvalidImmichRequest();
  }
  const FormPart* entries_part = find_part(parts, "entries");
  if (entries_part == nullptr) throw InvalidImmichRequest();
  const auto entries = immich_entries(entries_part->content);
  if (const FormPart* image = find_part(parts, "image")) {
    if (image->content.empty()) throw Refusal(FailureKind::bad_image, "image: it is empty");
    return immich_image_work(entries, PictureBytes{.owner = request.body, .bytes = image->content},
                             request, server);
  }
  if (const FormPart* text = find_part(parts, "text")) {
    return immich_text_plan(entries, text->content, request, server);
  }
  return immich_error(400, "Either image or text must be provided");
}

std::optional<Plan> plan_immich(const HttpRequest& request, const ServerView& server) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && request.path == "/ping") return HttpResponse::text(200, "pong");
  if (reads && request.path == "/") return HttpResponse::json(200, R"({"message":"Immich ML"})");
  // JSON is TEI's.
  if (request.method != "POST" || request.path != "/predict" ||
      request.content_type() == "application/json") {
    return std::nullopt;
  }
  return plan_or_refusal(immich_failure, [&]() -> std::optional<Plan> {
    try {
      return plan_immich_predict(request, server);
    } catch (const InvalidImmichRequest&) {
      return immich_error(422, "Invalid request format.");
    }
  });
}

}  // namespace

Dialect immich_dialect() {
  return {.name = "immich",
          .plan = plan_immich,
          .error = immich_error,
          .prefixes = {"/predict"},
          .methods = [](std::string_view path) -> std::vector<std::string_view> {
            if (path == "/ping" || path == "/") return {"GET", "HEAD"};
            if (path == "/predict") return {"POST"};
            return {};
          }};
}

}  // namespace blip::serve
