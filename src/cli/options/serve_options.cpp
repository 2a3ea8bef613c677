#include "cli/options/serve_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/library/photo_library.hpp"
#include "app/moderation/rule_evidence.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/options/policy_file.hpp"
#include "cli/options/run_options.hpp"
#include "core/user_cache.hpp"
#include "kernels/instruction_set.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/task_kind.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kDefaultListen = "127.0.0.1:8080";
constexpr int kMaxQueue = 1'000'000;
constexpr int kMaxServeThreads = 1024;
constexpr double kMaxSeconds = 86'400;

OptionCheck byte_count() {
  return [](const std::string& text) -> std::string {
    if (parse_bytes(text)) return {};
    return fmt::format("'{}' is not a number of bytes, such as 65536, 64K, 16M or 1G", text);
  };
}

std::uint64_t bytes_of(const std::string& text) {
  return parse_bytes(text).value();
}

std::chrono::milliseconds seconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// "name=value"; the name is empty if there is none.
std::pair<std::string, std::string> named_value(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

serve::ModelAlias parse_alias(const std::string& text) {
  auto [alias, model] = named_value(text);
  if (alias.empty() || model.empty()) {
    throw UsageError("'" + text + "' is no alias; it is NAME=MODEL");
  }
  return {std::move(alias), std::move(model)};
}

// Declares seconds, bytes and counts in one line each.
class LimitGroup {
 public:
  LimitGroup(OptionParser& app, std::string group) : app_(app), group_(std::move(group)) {}
  void seconds(const std::string& name, double& value, const std::string& text) {
    app_.add_option(name, value, text)
        ->type_name("SECONDS")
        ->check(number(0, kMaxSeconds))
        ->group(group_);
  }
  void bytes(const std::string& name, std::string& value, const std::string& text) {
    app_.add_option(name, value, text)->type_name("BYTES")->check(byte_count())->group(group_);
  }
  void count(const std::string& name, int& value, int least, int most, const std::string& text) {
    app_.add_option(name, value, text)
        ->type_name("N")
        ->check(whole_number(least, most))
        ->group(group_);
  }
  void list(const std::string& name, std::vector<std::string>& values, const std::string& type,
            const std::string& text) {
    app_.add_option(name, values, text)
        ->type_name(type)
        ->one_value_each()
        ->delimiter(',')
        ->group(group_);
  }
  void words(const std::string& name, std::string& value, const std::string& type,
             const std::string& text) {
    app_.add_option(name, value, text)->type_name(type)->group(group_);
  }
  void choice(const std::string& name, std::string& value, const std::string& type,
              std::vector<std::string> choices, const std::string& text) {
    app_.add_option(name, value, text)
        ->type_name(type)
        ->check(one_of(std::move(choices)))
        ->group(group_);
  }
  void flag(const std::string& name, bool& value, const std::string& text) {
    app_.add_flag(name, value, text)->group(group_);
  }

 private:
  OptionParser& app_;
  std::string group_;
};

}  // namespace

std::optional<std::uint64_t> parse_bytes(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{}) return std::nullopt;
  constexpr std::string_view kUnits = "KMG";
  int shift = 0;
  if (stop != end) {
    const std::size_t unit = kUnits.find(*stop);
    if (unit == std::string_view::npos || stop + 1 != end) return std::nullopt;
    shift = 10 * (static_cast<int>(unit) + 1);
  }
  if (value > (std::numeric_limits<std::uint64_t>::max() >> 1 >> shift)) return std::nullopt;
  return value << shift;
}

void ServeOptions::declare(OptionParser& app) {
  declare_models(app);
  declare_access(app);
  declare_scheduling(app);
  declare_pictures(app);
  declare_library(app);
  declare_limits(app);
  declare_operations(app);
}

void ServeOptions::declare_models(OptionParser& app) {
  LimitGroup group(app, "Models");
  group.list("-m,--model", models_, "[NAME=]MODEL",
             "A hub id, a model directory, a checkpoint file or the name of a bundled model; once "
             "for each [the bundled nano-captioning, nano-vqa, nano-retrieval, nano-classifier]");
  group.list("--alias", aliases_, "NAME=MODEL",
             "Another name for a model, as `gemma3=nano-captioning`; once for each");
  group.words("--alias-file", alias_file_, "FILE",
              "More of them, one a line; read again on SIGHUP");
  group.words("--policy", policy_file_, "FILE",
              "What POST /blip/v1/moderate decides by (docs/moderation.md); its models are served "
              "as well");
  group.flag("--any-model", any_model_, "A model that nobody knows is the first one that fits");
  group.flag("--strip-openings", strip_openings_,
             "Leave out \"a picture of\", \"there is\" and their like at the start of captions");
  group.flag("--load-on-demand", load_on_demand_,
             "Load a model when it is first asked for, not at the start");
  group.choice("--prompt-mode", prompt_mode_, "MODE", {"auto", "ignore", "prefix", "vqa"},
               "What a prompt beside a picture is: auto: a question is answered, an instruction "
               "ignored, else the caption begins so; ignore; prefix; vqa: a question [auto]");
  group.choice("--many-pictures", many_pictures_, "WHICH", {"first", "last", "each"},
               "Of a request with several pictures for one text: the first, the last, or a "
               "caption of each, joined [each]");
  group.choice("--dtype", dtype_, "TYPE", weight_type_names(),
               "Hold weights as stored, f32, f16, bf16, int8 or auto, as `blip caption` has it "
               "[stored]");
  group.count("--threads", threads_, 0, kMaxServeThreads, "Threads that compute [one per core]");
  std::vector<std::string> sets;
  for (const std::string_view each : instruction_set_names()) sets.emplace_back(each);
  group.choice("--isa", instruction_set_, "NAME", sets,
               fmt::format("Use no instruction set of the processor beyond {} [its best]",
                           fmt::join(sets, ", ")));
}

void ServeOptions::declare_access(OptionParser& app) {
  LimitGroup group(app, "Listening and access");
  group.list("--listen", listen_, "PLACE",
             fmt::format("[DIALECT=]ADDRESS:PORT or [DIALECT=]unix:PATH, once for each; without a "
                         "dialect, all are spoken there [{}]",
                         kDefaultListen));
  group.list("--listen-open", listen_open_, "PLACE",
             "The same, but without asking for a key: for clients that cannot send one");
  group.list("--api-key", keys_, "KEY",
             "Ask for this key (Bearer, x-api-key or Basic); once for each. Other users of the "
             "machine can see it: BLIP_API_KEY and --api-key-file hide it");
  group.words("--api-key-file", key_file_, "FILE", "Keys, one a line; read again on SIGHUP");
  group.list("--allowed-hosts", allowed_hosts_, "NAMES",
             "Names that the server may be called by, besides localhost and addresses; checked on "
             "loopback without a key, and everywhere if given; * is any");
  group.list("--cors-origin", cors_origins_, "ORIGIN",
             "Pages of this origin may ask (https://app.example); * is any [only the own page]");
  app.add_config_file("--config",
                      "Read options from FILE, TOML or (*.json) JSON: `max-batch = 16`. The "
                      "command line and the environment win over it")
      ->type_name("FILE")
      ->group("Listening and access");
}

void ServeOptions::declare_scheduling(OptionParser& app) {
  LimitGroup group(app, "Scheduling");
  group.count("--max-batch", max_batch_, 1, 1024, "Pictures that are encoded together [8]");
  group.count("--max-rows", max_rows_, 1, 65'536,
              "Texts, beams counted, that are generated together [128]");
  app.add_option("--max-wait-ms", max_wait_ms_,
                 "How long a picture waits for others to be encoded with it [5]")
      ->type_name("MS")
      ->check(number(0, 10'000))
      ->group("Scheduling");
  group.count("--queue", queue_, 1, kMaxQueue, "Tasks that may wait; more are refused [1024]");
  group.bytes("--queue-bytes", queue_bytes_, "Bytes of pictures that may wait [256M]");
  group.bytes("--cache", cache_, "Keep encoded pictures in so many bytes; 0: none [256M]");
  group.bytes("--memory", memory_, "Files of models that are loaded at a time; 0: all [0]");
  group.seconds("--keep-alive", keep_alive_,
                "Unload a model that nobody has used for so long; 0: never [0]");
  group.seconds("--task-time", task_time_, "The longest a task may take, waiting included [280]");
}

void ServeOptions::declare_pictures(OptionParser& app) {
  LimitGroup group(app, "Pictures");
  group.flag("--fetch-images", fetch_images_,
             "Fetch pictures from URLs that clients send, from public addresses alone [off]");
  group.list("--fetch-allow", fetch_allow_, "HOST[:PORT]",
             "Fetch from this host, also if its address is private; without --fetch-images from "
             "such hosts alone");
  group.words("--media-root", media_root_, "DIR",
              "Read pictures that clients name by paths below DIR [none]");
  app.add_option("--max-pixels", max_pixels_, "Refuse pictures of more pixels [64000000]")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000))
      ->group("Pictures");
}

void ServeOptions::declare_library(OptionParser& app) {
  LimitGroup(app, "Photo library")
      .words("--library", library_, "INDEX",
             "Show the photos of an index that `blip index` has made, at /library; the model that "
             "made its vectors is served as well");
}

void ServeOptions::declare_limits(OptionParser& app) {
  LimitGroup group(app, "Limits of a client");
  group.bytes("--max-body", max_body_, "Of a request, also when it is unpacked [64M]");
  group.bytes("--max-buffered", max_buffered_, "Of all requests while they come in [1G]");
  group.bytes("--max-header", max_header_, "Of a request's header [16K]");
  group.bytes("--max-url", max_url_, "Of a request's URL [8K]");
  group.seconds("--header-time", header_time_, "For a header [10]");
  group.seconds("--body-time", body_time_, "For a body [120]");
  group.bytes("--body-rate", body_rate_, "A second, that a body comes in at least [1K]");
  group.seconds("--idle-time", idle_time_, "Between two requests [60]");
  group.seconds("--write-time", write_time_, "Without taking a byte of the answer [30]");
  group.count("--max-connections", connections_, 1, 1'000'000, "Open connections [16384]");
  group.count("--max-connections-per-address", connections_per_address_, 1, 1'000'000,
              "From one address that is not this machine's [1024]");
}

void ServeOptions::declare_operations(OptionParser& app) {
  LimitGroup group(app, "Operations");
  group.choice("--log", log_, "FORMAT", {"json", "text", "off"},
               "A line on stderr for each request [json]");
  group.seconds(
      "--drain-delay", drain_delay_,
      "After SIGTERM, go on listening for so long: until a load balancer has noticed [0]");
  group.seconds("--drain-timeout", drain_timeout_,
                "Then finish what was accepted within this time [25]");
}

void ServeOptions::resolve() {
  if (!instruction_set_.empty() && !limit_instruction_set(instruction_set_)) {
    throw UsageError(fmt::format("--isa {}: this processor does not have it", instruction_set_));
  }
  if (models_.empty()) {
    for (const std::string_view name :
         {kCaptioningModel, kQuestionModel, kRetrievalModel, kClassificationModel}) {
      models_.emplace_back(name);
    }
  }
  if (!policy_file_.empty()) read_policy();
  if (!library_.empty()) choose_library_model();
  (void)aliases();
  (void)server();  // whatever is wrong is said before models are loaded
}

void ServeOptions::read_policy() {
  policy_ = read_policy_file(policy_file_, /*quiet=*/false);
  const app::PolicyQuestions asked = app::questions_of(*policy_);
  if (asked.empty()) {
    throw Error(ErrorCode::invalid_argument,
                policy_file_ + ": the policy has no rule that looks at pictures");
  }
  if (asked.phrases.size() > serve::kMostTexts || asked.answers.size() > serve::kMostTexts) {
    throw Error(
        ErrorCode::limit_exceeded,
        fmt::format("{}: {} different texts and {} answers, but a server takes {} of each",
                    policy_file_, asked.phrases.size(), asked.answers.size(), serve::kMostTexts));
  }
  const app::PolicyModels needed = app::models_of(*policy_);
  for (const std::string& model : {needed.texts, needed.questions, needed.captions}) {
    if (model.empty() || index_of(model) < models_.size()) continue;
    models_.push_back('=' + model);  // no name, though there may be an '=' in its path
  }
}

std::size_t ServeOptions::index_of(std::string_view model) const {
  const auto found = std::ranges::find_if(models_, [&](const std::string& text) {
    const auto [name, source] = named_value(text);
    return name == model || source == model;
  });
  return static_cast<std::size_t>(found - models_.begin());
}

std::shared_ptr<const app::AskingPolicy> ServeOptions::policy(
    const serve::EngineStatus& status) const {
  if (!policy_) return nullptr;
  const auto served = [&](const std::string& model, serve::TaskKind kind) {
    if (model.empty()) return model;
    const serve::ModelStatus& found = status.models.at(index_of(model));
    if (std::ranges::find(found.tasks, kind) == found.tasks.end()) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: {} is of no use for the policy's rules: it cannot {}",
                              policy_file_, found.name, serve::name_of(kind)));
    }
    return found.name;
  };
  const app::PolicyModels needed = app::models_of(*policy_);
  app::Policy policy = *policy_;
  policy.texts_model = served(needed.texts, serve::TaskKind::match);
  policy.question_model = served(needed.questions, serve::TaskKind::answer);
  policy.caption_model = served(needed.captions, serve::TaskKind::caption);
  return std::make_shared<const app::AskingPolicy>(app::AskingPolicy{std::move(policy)});
}

// One that is served anyhow, or else the first one that is to be had by its name alone.
void ServeOptions::choose_library_model() {
  const std::vector<std::string> names = app::searchable_models(library_);
  for (const std::string& name : names) {
    for (const std::string& text : models_) {
      if (library_model_.empty() && indexed_name(named_value(text).second) == name) {
        library_model_ = name;
        library_server_ = named_value(text).second;
      }
    }
  }
  if (!library_model_.empty()) return;
  const auto found = std::ranges::find_if(
      names, [](const std::string& name) { return name.find(" --") == std::string::npos; });
  if (found == names.end()) {
    library_warning_ = fmt::format(
        "{}: its vectors are of {}, which this server does not have: only the words of captions "
        "are "
        "searched",
        shown_index(library_), names.front());
    return;
  }
  library_model_ = library_server_ = *found;
  models_.push_back('=' + *found);  // no name, though there may be an '=' in its path
}

std::optional<serve::ServedLibrary> ServeOptions::library(const serve::EngineStatus& status) const {
  if (library_.empty()) return std::nullopt;
  serve::ServedLibrary library;
  if (!library_model_.empty()) {
    const serve::ModelStatus& model = status.models.at(index_of(library_server_));
    if (std::ranges::find(model.tasks, serve::TaskKind::embed) == model.tasks.end()) {
      throw Error(ErrorCode::unsupported, fmt::format("{}: {} makes no vectors of texts",
                                                      shown_index(library_), model.name));
    }
    library.model = model.name;
  }
  library.photos = std::make_shared<app::PhotoLibrary>(app::PhotoLibraryOptions{
      .index = library_, .model = library_model_, .max_pixels = std::stoll(max_pixels_)});
  return library;
}

serve::EngineOptions ServeOptions::engine() const {
  serve::EngineOptions options;
  const WeightType weight_type = weight_type_of(dtype_);
  for (const std::string& text : models_) {
    auto [name, model] = named_value(text);
    const ModelSource source = find_source(model, "", /*quiet=*/true);
    serve::ServedModel served;
    served.name = name;
    if (name.empty() && model.find('/') != std::string::npos && !source.model.empty() &&
        model != source.model.string()) {
      served.name = model;  // a hub id keeps its organisation
    }
    served.options.model = source.model;
    served.options.weight_type = weight_type;
    served.options.processor = source.adapter;
    served.options.adapter = source.adapter;
    served.preload = !load_on_demand_;
    options.models.push_back(std::move(served));
  }
  options.num_threads = threads_;
  options.max_batch = static_cast<std::size_t>(max_batch_);
  options.max_rows = static_cast<std::size_t>(max_rows_);
  options.max_wait = std::chrono::milliseconds(static_cast<std::int64_t>(max_wait_ms_));
  options.queue_limit = static_cast<std::size_t>(queue_);
  options.queue_bytes = bytes_of(queue_bytes_);
  options.cache_bytes = bytes_of(cache_);
  options.memory = bytes_of(memory_);
  if (keep_alive_ > 0) {
    options.keep_alive =
        std::chrono::seconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(keep_alive_)));
  }
  options.max_pixels = std::stoll(max_pixels_);
  const std::filesystem::path cache = user_cache_directory();
  if (!cache.empty()) options.kept_labels = cache / "labels";
  return options;
}

serve::ServerOptions ServeOptions::server() const {
  serve::ServerOptions options;
  for (const std::string& place : listen_) {
    options.listeners.push_back({serve::ListenAddress::parse(place)});
  }
  for (const std::string& place : listen_open_) {
    options.listeners.push_back({serve::ListenAddress::parse(place), /*asks_no_key=*/true});
  }
  options.limits = {.body_bytes = bytes_of(max_body_),
                    .buffered_bytes = bytes_of(max_buffered_),
                    .header_bytes = bytes_of(max_header_),
                    .url_bytes = bytes_of(max_url_),
                    .header_time = seconds_of(header_time_),
                    .body_rate = bytes_of(body_rate_),
                    .body_time = seconds_of(body_time_),
                    .idle_time = seconds_of(idle_time_),
                    .write_time = seconds_of(write_time_),
                    .connections = static_cast<std::size_t>(connections_),
                    .connections_per_address = static_cast<std::size_t>(connections_per_address_)};
  options.access = access();
  if (prompt_mode_ == "ignore") options.prompt_mode = serve::PromptMode::ignore;
  if (prompt_mode_ == "prefix") options.prompt_mode = serve::PromptMode::prefix;
  if (prompt_mode_ == "vqa") options.prompt_mode = serve::PromptMode::vqa;
  if (many_pictures_ == "first") options.many_pictures = serve::ManyPictures::first;
  if (many_pictures_ == "last") options.many_pictures = serve::ManyPictures::last;
  options.any_model = any_model_;
  options.strip_openings = strip_openings_;
  options.aliases = aliases();
  options.fetch_images = fetch_images_;
  options.fetch_allow = fetch_allow_;
  options.media_root = media_root_;
  // SQLite's locks are on these two.
  if (!library_.empty()) {
    std::error_code ignored;
    const auto file = std::filesystem::weakly_canonical(library_, ignored);
    options.locked_files = {file, file.string() + "-shm"};
  }
  options.task_time = seconds_of(task_time_);
  options.drain_delay = seconds_of(drain_delay_);
  options.drain_timeout = seconds_of(drain_timeout_);
  if (log_ == "text") options.log = serve::LogFormat::text;
  if (log_ == "off") options.log = serve::LogFormat::off;
  return options;
}

serve::AccessRules ServeOptions::access() const {
  serve::AccessRules access = {
      .keys = keys_, .allowed_hosts = allowed_hosts_, .cors_origins = cors_origins_};
  std::erase(access.keys, "");
  if (!key_file_.empty()) {
    for (std::string& key : serve::read_key_file(key_file_)) access.keys.push_back(std::move(key));
  }
  return access;
}

std::vector<serve::ModelAlias> ServeOptions::aliases() const {
  std::vector<serve::ModelAlias> aliases;
  for (const std::string& text : aliases_) aliases.push_back(parse_alias(text));
  if (alias_file_.empty()) return aliases;
  std::ifstream lines(alias_file_);
  if (!lines) throw UsageError(alias_file_ + ": cannot be read for aliases");
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && line.front() != '#') aliases.push_back(parse_alias(line));
  }
  return aliases;
}

}  // namespace blip::cli
