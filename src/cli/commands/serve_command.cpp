// blip serve: answers over HTTP.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "blip/version.hpp"
#include "cli/commands.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/serve_options.hpp"
#include "cli/output/console.hpp"
#include "serve/engine/insist.hpp"
#include "serve/engine/scheduler.hpp"
#include "serve/operations/cut_files.hpp"
#include "serve/operations/systemd.hpp"
#include "serve/page/page.hpp"
#include "serve/server.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kServeFooter =
    "Dialects: native (/blip/v1, /openapi.json), ollama, openai, photoprism, kserve, immich, tei,\n"
    "automatic1111, librephotos, llama-server, hugging-face. GET / is a page for browsers.\n"
    "\n"
    "Operations: /livez, /readyz, /health, /metrics. SIGTERM and SIGINT finish what was accepted, "
    "a\n"
    "second one stops at once; SIGHUP reads keys and aliases again. Sockets of systemd "
    "(LISTEN_FDS)\n"
    "are taken, and it is notified (NOTIFY_SOCKET).\n"
    "\n"
    "Examples:\n"
    "  blip serve\n"
    "  curl --data-binary @photo.jpg http://127.0.0.1:8080/\n"
    "  blip serve --listen 0.0.0.0:8080 --api-key-file keys --dtype int8\n"
    "  blip serve --listen ollama=127.0.0.1:11434 --any-model\n"
    "  blip serve --library ~/.local/share/blip/library.db\n"
    "  blip serve --listen 127.0.0.1:8080 --listen-open immich=10.0.0.5:3003 \\\n"
    "      -m ViT-B-32__openai=openai/clip-vit-base-patch32\n"
    "\n"
    "Exit code: 0 stopped in order; 2 nothing could run.\n";

// Ends the wait for a signal when the server has drained.
constexpr int kDrainedSignal = SIGURG;

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kDrainedSignal}) sigaddset(&signals, signal);
  return signals;
}

// Each connection takes a descriptor.
void allow_many_descriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string host_list(const serve::Server& server) {
  std::string list;
  for (const serve::ListenAddress& address : server.addresses()) {
    if (!list.empty()) list += ", ";
    if (!address.dialect.empty()) list += address.dialect + " at ";
    list += address.unix_path.empty() ? "http://" + address.text() : address.text();
  }
  return list;
}

void warn_of_open_listeners(serve::Server& server, const serve::ServerOptions& options) {
  const auto addresses = server.addresses();
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const bool open = options.access.keys.empty() ||
                      (i < options.listeners.size() && options.listeners[i].asks_no_key);
    if (open && !serve::is_loopback(addresses[i])) {
      server.log("warning", addresses[i].text() +
                                ": whoever reaches this machine may use the server, without a key "
                                "(see --api-key-file)");
    }
  }
}

void reload(serve::Server& server, const ServeOptions& options) {
  serve::notify_reloading();
  try {
    server.reload(options.access(), options.aliases());
    server.log("info", "keys and aliases are read again");
  } catch (const std::exception& error) {
    server.log("error", std::string("keys and aliases stay as they were: ") + error.what());
  }
  serve::notify_service_manager("READY=1");
}

// The engine, which is made before the server and outlives it, tells the server's log.
class EngineLog {
 public:
  void operator()(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (server_ != nullptr) {
      server_->log("info", line);
    } else {
      early_.emplace_back(line);
    }
  }

  /// The server that is told, as long as this lives.
  class Attachment {
   public:
    Attachment(EngineLog& log, serve::Server& server) : log_(log) {
      const std::lock_guard lock(log_.mutex_);
      log_.server_ = &server;
      for (const std::string& line : log_.early_) server.log("info", line);
      log_.early_.clear();
    }
    ~Attachment() {
      const std::lock_guard lock(log_.mutex_);
      log_.server_ = nullptr;
    }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

   private:
    EngineLog& log_;
  };

 private:
  std::mutex mutex_;
  serve::Server* server_ = nullptr;
  std::vector<std::string> early_;  // while there is no server
};

// Waits for one of `signals` that are blocked, meanwhile telling once when the models are loaded.
int next_signal(const sigset_t& signals, const serve::Engine& engine, bool& told_ready) {
  constexpr timespec kTenth = {.tv_sec = 0, .tv_nsec = 100'000'000};
  for (;;) {
    if (!told_ready && engine.status().ready) {
      serve::notify_service_manager("READY=1\nSTATUS=Listening");
      told_ready = true;
    }
    int signal = 0;
    if (told_ready) {
      if (sigwait(&signals, &signal) == 0) return signal;
    } else if ((signal = sigtimedwait(&signals, nullptr, &kTenth)) > 0) {
      return signal;
    }
  }
}

// Until a signal has ended the server.
void run_until_stopped(serve::Server& server, const serve::Engine& engine,
                       const ServeOptions& options) {
  const sigset_t signals = watched_signals();
  const pthread_t main_thread = pthread_self();
  // From the beginning: there may be no memory for a thread later.
  std::binary_semaphore is_to_drain{0};
  const std::jthread drainer([&server, &is_to_drain, main_thread] {
    is_to_drain.acquire();
    serve::insist([&] { server.drain(); });
    pthread_kill(main_thread, kDrainedSignal);
  });
  bool is_draining = false;
  bool told_ready = false;
  for (;;) {
    int signal = 0;
    serve::insist([&] { signal = next_signal(signals, engine, told_ready); });
    if (signal == SIGHUP) {
      serve::insist([&] { reload(server, options); });
    } else if (signal == kDrainedSignal) {
      if (is_draining) return;
    } else if (is_draining) {
      server.log("warning", "stopped at once");
      server.stop();
    } else {
      server.log("info", "stopping when what was accepted is answered");
      is_draining = true;
      is_to_drain.release();
    }
  }
}

}  // namespace

ExitCode run_serve(Arguments arguments) {
  ServeOptions options;
  OptionParser app;
  options.declare(app);
  const CommandHelp help = {
      .name = "serve",
      .synopsis = "[options]",
      .summary =
          "Answers over HTTP: captions, answers, matches, embeddings, classes and tags, in "
          "the words of the servers that existing applications know.",
      .footer = kServeFooter};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;
  options.resolve();
  allow_many_descriptors();
  // Before any thread: they inherit it.
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  serve::ServerOptions server_options = options.server();
  server_options.dialects = serve::all_dialects();
  server_options.takes_inherited_sockets = true;
  const bool has_sockets = std::getenv("LISTEN_FDS") != nullptr;
  if (server_options.listeners.empty() && !has_sockets) {
    server_options.listeners = {{serve::ListenAddress::parse("127.0.0.1:8080")}};
  }
  // The engine is made first and ends last.
  EngineLog engine_log;
  serve::EngineOptions engine_options = options.engine();
  engine_options.log = std::ref(engine_log);
  serve::survive_cut_files();
  engine_options.damage = serve::cut_pages;
  const std::unique_ptr<serve::Engine> engine = serve::make_engine(std::move(engine_options));
  server_options.policy = options.policy(engine->status());
  server_options.library = options.library(engine->status());
  server_options.page =
      server_options.library ? serve::page_response_with_library : serve::page_response;
  serve::Server server(server_options, *engine);
  const EngineLog::Attachment attachment(engine_log, server);
  server.start();
  server.log("info", fmt::format("blip {} listens: {}", version(), host_list(server)));
  if (server_options.library) {
    const std::string& model = server_options.library->model;
    server.log("info", fmt::format("the photo library is at /library; texts are searched with {}",
                                   model.empty() ? "the words of captions alone" : model));
  }
  if (!options.library_warning().empty()) server.log("warning", options.library_warning());
  warn_of_open_listeners(server, server_options);
  serve::notify_service_manager("STATUS=Loading models");
  run_until_stopped(server, *engine, options);
  return ExitCode::ok;
}

}  // namespace blip::cli
