#include "serve/server.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "blip/error.hpp"
#include "blip/version.hpp"
#include "serve/admission.hpp"
#include "serve/content_encoding.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/http/http_error.hpp"
#include "serve/http/http_server.hpp"
#include "serve/operations/metrics.hpp"
#include "serve/operations/systemd.hpp"
#include "serve/picture_source.hpp"
#include "serve/request_ids.hpp"
#include "serve/router.hpp"
#include "serve/work_run.hpp"
#include "serve/worker_pool.hpp"

namespace blip::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlanningThreads = 2;
constexpr std::size_t kMaxPlanning = 1024;
constexpr std::size_t kFetchingThreads = 8;
constexpr std::size_t kMaxFetching = 256;
// Each may decode a photo, so there are few.
constexpr std::size_t kLookingThreads = 4;
constexpr std::size_t kMaxLooking = 1024;
// A body above this is read on another thread: 64 KiB of JSON take a fraction of a millisecond.
constexpr std::size_t kSmallBody = std::size_t{64} << 10;
// For the last words of streams that are broken off.
constexpr std::chrono::milliseconds kFarewellTime{1000};

HttpResponse busy_response(HttpResponse response) {
  response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace

struct Server::Implementation {
  Implementation(ServerOptions given, Engine& used_engine)
      : options(std::move(given)),
        engine(used_engine),
        router(options.dialects),
        pictures{.fetcher = ImageFetcher(UrlPolicy(options.fetch_images, options.fetch_allow),
                                         {.bytes = options.limits.body_bytes}),
                 .media = MediaRoot(options.media_root, options.locked_files),
                 .max_bytes = options.limits.body_bytes},
        log(options.log, options.log_sink),
        admission(options, router, listeners),
        http(options.limits,
             {.admit = [this](HttpRequest& head, const Peer& peer) { return admit(head, peer); },
              .handle =
                  [this](HttpRequest request, const Peer& peer, const Exchange& exchange) {
                    handle(std::move(request), peer, exchange);
                  },
              .refuse =
                  [this](int status, std::string_view message, std::string_view path,
                         const HttpRequest* head,
                         const Peer& peer) { return refuse(status, message, path, head, peer); }}) {
    for (const Listener& listener : options.listeners) {
      add_listener(open_listening_socket(listener.address), listener);
    }
    if (options.takes_inherited_sockets) add_inherited();
    if (listeners.empty()) throw Error(ErrorCode::invalid_argument, "no place to listen at");
  }

  void add_listener(int descriptor, const Listener& listener) {
    http.listen(descriptor, listeners.size());
    listeners.push_back(listener);
    listeners.back().address = bound_address(descriptor);
    listeners.back().address.dialect = listener.address.dialect;
    if (!listener.address.dialect.empty() && !router.knows(listener.address.dialect)) {
      throw Error(ErrorCode::invalid_argument,
                  "'" + listener.address.dialect + "' is no dialect to listen for");
    }
  }

  // A socket that is named for a dialect speaks that one.
  void add_inherited() {
    for (const InheritedSocket& inherited : inherited_sockets()) {
      Listener listener;
      if (router.knows(inherited.name)) listener.address.dialect = inherited.name;
      add_listener(inherited.descriptor, listener);
    }
  }

  [[nodiscard]] const std::string& dialect_at(const Peer& peer) const {
    return listeners[peer.listener].address.dialect;
  }

  // On the server's thread.

  std::optional<HttpResponse> admit(HttpRequest& head, const Peer& peer) {
    head.request_id = request_id_of(head.headers.find("X-Request-Id").value_or(""));
    head.client = peer.address.empty() ? "local" : peer.address;
    auto response = admission.response_to(head, peer);
    if (response) {
      decorate(response->headers, head, trace_of(head.headers.find("traceparent").value_or("")));
      count_refusal(head, response->status);
    }
    return response;
  }

  HttpResponse refuse(int status, std::string_view message, std::string_view path,
                      const HttpRequest* head, const Peer& peer) {
    HttpResponse response = router.error(status, message, path, dialect_at(peer));
    HttpRequest unknown;
    unknown.method = "";
    unknown.request_id = random_hex(16);
    const HttpRequest& request = head != nullptr ? *head : unknown;
    if (status == 503) response.headers.set("Retry-After", "1");
    decorate(response.headers, request, std::nullopt);
    count_refusal(request, response.status);
    return response;
  }

  void handle(HttpRequest request, const Peer& peer, const Exchange& exchange) {
    const auto begun = Clock::now();
    const auto shared = std::make_shared<HttpRequest>(std::move(request));
    const auto trace = trace_of(shared->headers.find("traceparent").value_or(""));
    const auto run = std::make_shared<WorkRun>(
        WorkContext{engine, pictures, planning, fetching, looking}, exchange,
        [this, shared, trace](HttpHeaders& headers) { decorate(headers, *shared, trace); },
        [this, shared, begun, trace](const WorkReport& report) {
          count(*shared, begun, report, trace);
        });
    if (auto response = operation(*shared, peer)) {
      run->respond(std::move(*response));
      return;
    }
    remember(run);
    exchange.on_gone([run] { run->cancel(); });
    const bool small =
        shared->body->size() <= kSmallBody && !shared->headers.find("Content-Encoding").has_value();
    if (small) {
      plan(*shared, peer, *run);
    } else if (!planning.try_post([this, shared, peer, run] { plan(*shared, peer, *run); })) {
      run->respond(busy_response(router.error(503, "too many requests at once; try again later",
                                              shared->path, dialect_at(peer))));
    }
  }

  // What the server answers itself, at once.
  std::optional<HttpResponse> operation(const HttpRequest& request, const Peer& peer) {
    if (!is_read(request)) return std::nullopt;
    const std::string& path = request.path;
    const std::string& only = dialect_at(peer);
    if (path == "/livez" || path == "/healthz") return HttpResponse::text(200, "ok\n");
    if (path == "/readyz") return readiness("ready\n");
    if (path == "/metrics") {
      HttpResponse response;
      response.headers.set("Content-Type", std::string(kMetricsContentType));
      EngineMetrics of_engine = engine.metrics();
      of_engine.refused_unread = num_refused_unread;
      response.body = metrics.text(engine.status(), of_engine, http.num_connections());
      return response;
    }
    // A family that has its own is asked itself at a listener of its own.
    if (!only.empty() && !router.methods(path, only).empty()) return std::nullopt;
    if (path == "/health" || path == "/v1/health") {
      if (engine.status().ready && !draining) return HttpResponse::json(200, R"({"status":"ok"})");
      return busy_response(HttpResponse::json(
          503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})"));
    }
    if (path == "/" && only.empty()) return HttpResponse::text(200, "Ollama is running");
    return std::nullopt;
  }

  HttpResponse readiness(std::string_view yes) {
    const EngineStatus status = engine.status();
    if (draining || status.draining) return busy_response(HttpResponse::text(503, "draining\n"));
    if (!status.ready) return busy_response(HttpResponse::text(503, "loading\n"));
    if (status.queue_limit > 0 && status.queued >= status.queue_limit) {
      return busy_response(HttpResponse::text(503, "full\n"));
    }
    return HttpResponse::text(200, std::string(yes));
  }

  // On any thread.

  // `request` is a copy: the original tells the log what was asked.
  void plan(HttpRequest request, const Peer& peer, WorkRun& run) {
    const std::string& only = dialect_at(peer);
    try {
      decode_content(request, options.limits.body_bytes);
      if (request.method == "HEAD") request.method = "GET";
      const ServerView view = {.engine = status_with_aliases(),
                               .version = std::string(version()),
                               .now = std::chrono::system_clock::now(),
                               .prompt_mode = options.prompt_mode,
                               .many_pictures = options.many_pictures,
                               .any_model = options.any_model,
                               .strip_openings = options.strip_openings,
                               .policy = options.policy,
                               .library = options.library};
      Router::Answer answer = router.plan(request, view, only);
      if (auto* response = std::get_if<HttpResponse>(&answer.plan)) {
        const bool full = response->status == 429 || response->status == 503;
        if (full && is_refused_unread(request, view.engine)) ++num_refused_unread;
        run.respond(std::move(*response), answer.api);
        return;
      }
      if (auto* lookup = std::get_if<Lookup>(&answer.plan)) {
        if (!run.look_up(std::move(*lookup), answer.api)) {
          run.respond(busy_response(
              router.error(503, "too many requests at once; try again later", request.path, only)));
        }
        return;
      }
      Work& work = std::get<Work>(answer.plan);
      for (Task& task : work.tasks) {
        task.client = request.client;
        if (!task.deadline) task.deadline = Clock::now() + options.task_time;
      }
      run.start(std::move(work), answer.api);
    } catch (const HttpError& error) {
      run.respond(router.error(error.status(), error.what(), request.path, only));
    } catch (const std::exception&) {
      run.respond(busy_response(
          router.error(503, "not enough memory; try again later", request.path, only)));
    }
  }

  EngineStatus status_with_aliases() {
    EngineStatus status = engine.status();
    const std::lock_guard lock(aliases_mutex);
    for (const ModelAlias& each : aliases) {
      for (ModelStatus& model : status.models) {
        if (model.name == each.model) model.aliases.push_back(each.alias);
      }
    }
    return status;
  }

  void decorate(HttpHeaders& headers, const HttpRequest& request,
                const std::optional<Trace>& trace) const {
    headers.set("X-Request-Id", request.request_id);
    if (!headers.find("X-Content-Type-Options")) headers.add("X-Content-Type-Options", "nosniff");
    if (trace) headers.set("traceparent", trace->response);
    add_cors_headers(headers, request, cors_origins);
  }

  void count(const HttpRequest& request, Clock::time_point begun, const WorkReport& report,
             const std::optional<Trace>& trace) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    metrics.count_request(report.api, report.task.empty() ? "none" : report.task, report.status,
                          seconds);
    log.request(
        {.request_id = request.request_id,
         .trace_id = trace ? trace->id : "",
         .method = request.method,
         .route = report.status == 404 ? "" : request.path,
         .api = std::string(report.api),
         .task = std::string(report.task),
         .model = report.model,
         .status = report.status,
         .milliseconds = seconds * 1000,
         .queue_milliseconds = std::chrono::duration<double, std::milli>(report.queue_time).count(),
         .bytes_in = request.body->size(),
         .images = report.images});
  }

  void count_refusal(const HttpRequest& request, int status) {
    WorkReport report;
    report.status = status;
    count(request, Clock::now(), report, std::nullopt);
  }

  // Runs that may have to be told that the server stops.
  void remember(const std::shared_ptr<WorkRun>& run) {
    const std::lock_guard lock(runs_mutex);
    if (runs.size() >= runs_to_clean) {
      std::erase_if(runs, [](const auto& each) { return each.expired(); });
      runs_to_clean = std::max<std::size_t>(64, runs.size() * 2);
    }
    runs.push_back(run);
  }

  void abandon_runs() {
    std::vector<std::weak_ptr<WorkRun>> all;
    {
      const std::lock_guard lock(runs_mutex);
      all.swap(runs);
    }
    for (const auto& weak : all) {
      try {
        if (const auto run = weak.lock()) run->abandon();
      } catch (const std::bad_alloc&) {
        // The others are still told; this one's connection is closed without an answer.
      }
    }
  }

  // Waits unless the server is stopped. → whether it is
  bool wait_or_stopped(std::chrono::milliseconds time) {
    std::unique_lock lock(stop_mutex);
    return stop_changed.wait_for(lock, time, [this] { return stopped; });
  }

  bool all_closed_within(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    while (!http.wait_until_closed(std::chrono::milliseconds(50))) {
      if (wait_or_stopped({}) || Clock::now() >= end) return false;
    }
    return true;
  }

  const ServerOptions options;
  Engine& engine;
  const Router router;
  PictureSource pictures;
  Log log;
  Metrics metrics;
  std::vector<Listener> listeners;
  Admission admission;
  const std::vector<std::string> cors_origins = options.access.cors_origins;
  std::atomic<bool> draining = false;
  std::atomic<std::uint64_t> num_refused_unread = 0;

  std::mutex aliases_mutex;
  std::vector<ModelAlias> aliases;

  std::mutex runs_mutex;
  std::vector<std::weak_ptr<WorkRun>> runs;
  std::size_t runs_to_clean = 64;

  std::mutex stop_mutex;
  std::condition_variable stop_changed;
  bool stopped = false;

  // Destroyed first to last from here on: threads that use what is above.
  HttpServer http;
  WorkerPool fetching{kFetchingThreads, kMaxFetching};
  WorkerPool looking{kLookingThreads, kMaxLooking};
  WorkerPool planning{kPlanningThreads, kMaxPlanning};
  std::jthread watchdog;
};

Server::Server(ServerOptions options, Engine& engine) {
  auto aliases = options.aliases;
  implementation_ = std::make_unique<Implementation>(std::move(options), engine);
  implementation_->aliases = std::move(aliases);
}

Server::~Server() {
  if (!implementation_) return;
  stop();
  implementation_->abandon_runs();
  implementation_->http.stop();
}

void Server::start() {
  implementation_->http.start();
  const auto interval = watchdog_interval();
  if (!interval) return;
  // From the server's thread: it is alive as long as that turns.
  implementation_->watchdog = std::jthread([this, interval](const std::stop_token& stop) {
    while (!stop.stop_requested() && !implementation_->wait_or_stopped(
                                         std::chrono::ceil<std::chrono::milliseconds>(*interval))) {
      implementation_->http.post([] { notify_service_manager("WATCHDOG=1"); });
    }
  });
}

std::vector<ListenAddress> Server::addresses() const {
  std::vector<ListenAddress> addresses;
  for (const Listener& listener : implementation_->listeners) {
    addresses.push_back(listener.address);
  }
  return addresses;
}

void Server::drain() {
  Implementation& server = *implementation_;
  server.draining = true;
  notify_service_manager("STOPPING=1\nSTATUS=Draining");
  if (!server.wait_or_stopped(server.options.drain_delay)) {
    server.http.drain();
    if (!server.all_closed_within(server.options.drain_timeout)) {
      server.engine.drain();  // nothing is begun any more
      server.abandon_runs();
      if (!server.wait_or_stopped({})) server.all_closed_within(kFarewellTime);
    }
  }
  stop();
  server.http.stop();
}

void Server::stop() {
  const std::lock_guard lock(implementation_->stop_mutex);
  implementation_->stopped = true;
  implementation_->stop_changed.notify_all();
}

void Server::reload(AccessRules access, std::vector<ModelAlias> aliases) {
  {
    const std::lock_guard lock(implementation_->aliases_mutex);
    implementation_->aliases = std::move(aliases);
  }
  implementation_->http.post([this, access = std::move(access)]() mutable {
    implementation_->admission.set_rules(std::move(access));
  });
}

void Server::log(std::string_view level, std::string_view text) {
  implementation_->log.message(level, text);
}

}  // namespace blip::serve
