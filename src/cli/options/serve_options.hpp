// The options of `blip serve`: on the command line, in the environment or in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/moderation/rule_evidence.hpp"
#include "cli/options/option_parser.hpp"
#include "serve/engine/engine.hpp"
#include "serve/engine/engine_options.hpp"
#include "serve/server_options.hpp"

namespace blip::cli {

/// "64M" → 67,108,864; K, M and G are powers of 1024. Nothing if `text` is none.
std::optional<std::uint64_t> parse_bytes(const std::string& text);

class ServeOptions {
 public:
  void declare(OptionParser& app);
  /// Throws UsageError, blip::Error.
  void resolve();

  /// Downloads models that are not here.
  [[nodiscard]] serve::EngineOptions engine() const;
  /// Without dialects and page.
  [[nodiscard]] serve::ServerOptions server() const;
  /// What is read again when the server is told to: the file with the keys, and the aliases.
  [[nodiscard]] serve::AccessRules access() const;
  [[nodiscard]] std::vector<serve::ModelAlias> aliases() const;
  /// Its models named as the engine that was made of engine() names them; null: none was given.
  [[nodiscard]] std::shared_ptr<const app::AskingPolicy> policy(
      const serve::EngineStatus& status) const;
  /// As policy(); none: no library was named.
  [[nodiscard]] std::optional<serve::ServedLibrary> library(
      const serve::EngineStatus& status) const;
  /// What the operator is to know of the library's model, in one line; empty: all is well.
  [[nodiscard]] const std::string& library_warning() const { return library_warning_; }

 private:
  void read_policy();
  void choose_library_model();
  /// Where `model`, as the command line or a policy names it, is in models_; its size: nowhere.
  [[nodiscard]] std::size_t index_of(std::string_view model) const;
  void declare_models(OptionParser& app);
  void declare_scheduling(OptionParser& app);
  void declare_access(OptionParser& app);
  void declare_pictures(OptionParser& app);
  void declare_library(OptionParser& app);
  void declare_limits(OptionParser& app);
  void declare_operations(OptionParser& app);

  std::vector<std::string> models_;
  std::vector<std::string> aliases_;
  std::string alias_file_;
  std::string policy_file_;
  std::optional<app::Policy> policy_;
  bool any_model_ = false;
  bool strip_openings_ = false;
  bool load_on_demand_ = false;
  std::string prompt_mode_ = "auto";
  std::string many_pictures_ = "each";
  std::string dtype_ = "stored";
  std::string instruction_set_;
  int threads_ = 0;

  int max_batch_ = 8;
  int max_rows_ = 128;
  double max_wait_ms_ = 5;
  int queue_ = 1024;
  std::string queue_bytes_ = "256M";
  std::string cache_ = "256M";
  std::string memory_ = "0";
  double keep_alive_ = 0;
  double task_time_ = 280;

  std::vector<std::string> listen_;
  std::vector<std::string> listen_open_;
  std::vector<std::string> keys_;
  std::string key_file_;
  std::vector<std::string> allowed_hosts_;
  std::vector<std::string> cors_origins_;

  bool fetch_images_ = false;
  std::vector<std::string> fetch_allow_;
  std::string media_root_;
  std::string max_pixels_ = "64000000";

  std::string library_;
  std::string library_model_;   // as the index calls it; empty: its vectors are not searched
  std::string library_server_;  // the same, as models_ has it
  std::string library_warning_;

  std::string max_body_ = "64M";
  std::string max_buffered_ = "1G";
  std::string max_header_ = "16K";
  std::string max_url_ = "8K";
  double header_time_ = 10;
  std::string body_rate_ = "1K";
  double body_time_ = 120;
  double idle_time_ = 60;
  double write_time_ = 30;
  int connections_ = 16'384;
  int connections_per_address_ = 1024;

  std::string log_ = "json";
  double drain_delay_ = 0;
  double drain_timeout_ = 25;
};

}  // namespace blip::cli
