// ServerOptions: what the operator of a server decides.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/http/limits.hpp"
#include "serve/http/listen_address.hpp"
#include "serve/operations/access.hpp"
#include "serve/operations/log.hpp"

namespace blip::serve {

struct Listener {
  ListenAddress address;
  bool asks_no_key = false;  ///< for clients that cannot send one, as Immich
};

/// Another name of a model.
struct ModelAlias {
  std::string alias;
  std::string model;
};

struct ServerOptions {
  std::vector<Listener> listeners;  ///< at least one, unless systemd gives some
  bool takes_inherited_sockets = false;
  std::vector<Dialect> dialects;
  /// What a browser gets; nothing for what is not the page's.
  std::function<std::optional<HttpResponse>(const HttpRequest& request)> page = {};

  HttpLimits limits = {};
  AccessRules access = {};
  PromptMode prompt_mode = PromptMode::automatic;
  ManyPictures many_pictures = ManyPictures::each;
  bool any_model = false;
  bool strip_openings = false;
  std::vector<ModelAlias> aliases = {};
  std::shared_ptr<const app::AskingPolicy> policy = {};  ///< as ServerView::policy
  std::optional<ServedLibrary> library = {};

  bool fetch_images = false;                  ///< from any public host
  std::vector<std::string> fetch_allow = {};  ///< from these, wherever they are
  std::filesystem::path media_root = {};
  std::vector<std::filesystem::path> locked_files = {};  ///< as MediaRoot has them

  std::chrono::milliseconds task_time = std::chrono::seconds(280);  ///< below Immich's 300
  std::chrono::milliseconds drain_delay = {};
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(25);
  LogFormat log = LogFormat::json;
  Log::Sink log_sink = {};  ///< standard error if empty
};

}  // namespace blip::serve
