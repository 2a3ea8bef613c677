// Dialect: one family of clients. Pure functions from a request to tasks, and from what comes of
// the tasks to a response. A dialect knows neither sockets nor models.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/library/photo_library.hpp"
#include "app/moderation/rule_evidence.hpp"
#include "serve/engine/engine.hpp"
#include "serve/engine/task.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

/// How text prompts that come with a picture are understood.
enum class PromptMode {
  automatic,  ///< a question is answered; an instruction is ignored; else the caption begins so
  ignore,     ///< a caption
  prefix,     ///< a caption that begins so
  vqa,        ///< a question
};

/// What becomes of a request with several pictures where the client expects one text.
enum class ManyPictures {
  first,
  last,
  each,  ///< a caption each; those that differ are joined
};

/// The photo library that a server shows, and the model that texts are searched with.
struct ServedLibrary {
  std::shared_ptr<app::PhotoLibrary> photos;
  std::string model;  ///< ModelStatus::name; empty: none, words of captions are found
};

/// What a dialect may know of the server besides the request.
struct ServerView {
  EngineStatus engine;
  std::string version;  ///< of blip.cpp
  std::chrono::system_clock::time_point now;
  PromptMode prompt_mode = PromptMode::automatic;
  ManyPictures many_pictures = ManyPictures::each;
  bool any_model = false;  ///< a model nobody knows is the default one
  /// Captions for people leave out "a picture of" and "there is" at their beginning.
  bool strip_openings = false;
  /// What POST /blip/v1/moderate decides by, its models named as the engine names them; null: it
  /// decides nothing.
  std::shared_ptr<const app::AskingPolicy> policy = {};
  std::optional<ServedLibrary> library = {};
};

/// A response that is written while the tasks are done.
struct Stream {
  HttpHeaders headers;  ///< Content-Type: text/event-stream, application/x-ndjson
  /// What is sent at once, before the first piece.
  std::function<std::string()> begin;
  /// A piece of the text of the first task.
  std::function<std::string(std::string_view piece)> piece;
  /// The end, when all tasks are done or the first one failed.
  std::function<std::string(std::span<const TaskOutcome> outcomes)> end;
  /// Sent when nothing else was for a while; empty: nothing is.
  std::string keep_alive = {};
};

/// Tasks to be done, and what is answered then.
struct Work {
  std::vector<Task> tasks;  ///< at least one; done side by side
  /// Called once, when all are done, in the order of `tasks`. Not used if there is a stream, unless
  /// all fail before its first piece: then the status can still tell.
  std::function<HttpResponse(std::span<const TaskOutcome> outcomes)> respond;
  std::optional<Stream> stream = {};
  bool looks_up = false;  ///< `respond` reads files, as a Lookup does
};

/// A response that needs no model, but waits for files.
struct Lookup {
  std::function<HttpResponse()> respond;
  bool writes = false;  ///< it is done even if the client has gone
};

/// What is to be done about a request.
using Plan = std::variant<HttpResponse, Work, Lookup>;

struct Dialect {
  std::string_view name;  ///< "ollama", as --listen and metrics name it
  /// Nothing if the request is none of its own: no other dialect's business is refused. Throws
  /// blip::Error (invalid_argument, malformed, limit_exceeded) for a bad request, which the server
  /// answers by `error` with status 400.
  std::function<std::optional<Plan>(const HttpRequest& request, const ServerView& server)> plan;
  /// How the family is told of an error that the server found: 400, 401, 404, 405, 408, 413, 429…
  std::function<HttpResponse(int status, std::string_view message)> error;
  /// Path prefixes that are its own, for choosing `error` when no request could be read.
  std::vector<std::string_view> prefixes;
  /// The methods of a path it knows, for 405; empty: it does not know the path.
  std::function<std::vector<std::string_view>(std::string_view path)> methods;
};

// One file each, in the order in which they are asked.
Dialect native_dialect();         ///< /blip/v1/…, /openapi.json
Dialect ollama_dialect();         ///< /api/generate, chat, tags, show, ps, version, embed, pull
Dialect openai_dialect();         ///< /v1/chat/completions, responses, embeddings, models
Dialect photoprism_dialect();     ///< /api/v1/vision/…
Dialect kserve_dialect();         ///< /v2/…
Dialect immich_dialect();         ///< /ping, /predict with multipart
Dialect tei_dialect();            ///< /embed, /rerank, /similarity, /info, /predict with JSON
Dialect automatic1111_dialect();  ///< /sdapi/v1/…, /api/caption, /api/modules, KoboldCpp's
Dialect librephotos_dialect();    ///< /generate-caption, /clip-embeddings, /generate-tags…
Dialect llama_server_dialect();   ///< /props, /slots, /embeddings, /v1/rerank
Dialect hugging_face_dialect();   ///< POST / and task URLs

/// All of them.
std::vector<Dialect> all_dialects();

}  // namespace blip::serve
