#include "cli/options/option_parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "core/json_text.hpp"

namespace blip::cli {
namespace {

std::string environment_name(const CLI::Option& option) {
  std::string name = "BLIP_" + option.get_lnames().front();
  for (char& c : name) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

void read_environment_too(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr() || option->get_lnames().empty()) continue;
    option->envname(environment_name(*option));
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

// CLI11 2.4 ignores a variable whose value does not pass the option's check; 2.1
// rejects it, as both reject the same words on the command line. So do we.
void reject_ignored_variables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty() || option->count() > 0) continue;
    const char* value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0') continue;
    option->add_result(value);
    option->run_callback();
  }
}

using ConfigValues = std::vector<std::pair<std::string, std::vector<std::string>>>;

// A file with options is written by hand.
constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

std::string json_option_text(const nlohmann::json& value, const std::string& file) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return value.dump();
  throw UsageError(file + ": a value is neither text, number, true nor false");
}

ConfigValues read_json_config(const std::string& text, const std::string& file) {
  ConfigValues values;
  const nlohmann::json object = parse_json_object(text, file);
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    std::vector<std::string> texts;
    if (value.is_array()) {
      for (const auto& each : value) texts.push_back(json_option_text(each, file));
    } else {
      texts.push_back(json_option_text(value, file));
    }
    values.emplace_back(name, std::move(texts));
  }
  return values;
}

ConfigValues read_toml_config(const std::string& text) {
  std::istringstream stream(text);
  ConfigValues values;
  for (CLI::ConfigItem& item : CLI::ConfigTOML().from_config(stream)) {
    if (item.name == "++" || item.name == "--") continue;  // a section begins or ends
    values.emplace_back(item.fullname(), std::move(item.inputs));
  }
  return values;
}

ConfigValues read_config(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw UsageError(file + ": cannot be read");
  std::string text(kMaxConfigBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxConfigBytes) throw UsageError(file + ": larger than 1 MiB");
  try {
    return file.ends_with(".json") ? read_json_config(text, file) : read_toml_config(text);
  } catch (const Error& error) {
    throw UsageError(error.what());
  } catch (const CLI::Error& error) {
    throw UsageError(file + ": " + error.what());
  }
}

void apply_config(CLI::App& app, const std::string& file) {
  for (auto& [name, texts] : read_config(file)) {
    std::replace(name.begin(), name.end(), '_', '-');
    CLI::Option* option = app.get_option_no_throw("--" + name);
    if (option == nullptr || option == app.get_help_ptr()) {
      throw UsageError(file + ": there is no option '" + name + "'");
    }
    if (option->count() > 0) continue;
    try {
      for (const std::string& text : texts) option->add_result(text);
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      throw UsageError(file + ": " + error.what());
    }
  }
}

// The message of a rejected option does not say where its value came from.
std::string environment_hint(const CLI::App& app, Arguments arguments, std::string_view message) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty()) continue;
    const std::string name = "--" + option->get_lnames().front();
    if (!message.starts_with(name + ":")) continue;
    const bool typed = std::any_of(arguments.begin(), arguments.end(), [&](const auto& word) {
      const bool is_short =
          !option->get_snames().empty() && word.starts_with("-" + option->get_snames().front());
      return word.starts_with(name) || is_short;
    });
    if (!typed && std::getenv(option->get_envname().c_str()) != nullptr) {
      return " (from the environment variable " + option->get_envname() + ")";
    }
  }
  return {};
}

std::string message_of(const CLI::ParseError& error, const CLI::App& app) {
  const std::string message = error.what();
  const std::vector<std::string> unknown = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty()) {
    return (unknown.front().starts_with("-") ? "unknown option " : "unexpected argument ") +
           unknown.front();
  }
  return message.substr(0, message.find('\n'));
}

std::string first_of(const std::vector<std::string>& names) {
  return names.empty() ? std::string() : names.front();
}

}  // namespace

Option* Option::type_name(const std::string& name) {
  option_->type_name(name);
  return this;
}

Option* Option::group(const std::string& heading) {
  option_->group(heading);
  return this;
}

Option* Option::check(const OptionCheck& check) {
  option_->check(CLI::Validator(check, ""));
  return this;
}

Option* Option::required() {
  option_->required();
  return this;
}

Option* Option::one_value_each() {
  option_->allow_extra_args(false);
  return this;
}

Option* Option::delimiter(char separator) {
  option_->delimiter(separator);
  return this;
}

struct OptionParser::Implementation {
  CLI::App app;
};

OptionParser::OptionParser() : implementation_(std::make_unique<Implementation>()) {}
OptionParser::~OptionParser() = default;

template <typename Value>
Option* OptionParser::add_option(const std::string& names, Value& value, const std::string& text) {
  return &options_.emplace_back(implementation_->app.add_option(names, value, text));
}

template Option* OptionParser::add_option(const std::string&, std::string&, const std::string&);
template Option* OptionParser::add_option(const std::string&, std::vector<std::string>&,
                                          const std::string&);
template Option* OptionParser::add_option(const std::string&, int&, const std::string&);
template Option* OptionParser::add_option(const std::string&, float&, const std::string&);
template Option* OptionParser::add_option(const std::string&, double&, const std::string&);
template Option* OptionParser::add_option(const std::string&, std::size_t&, const std::string&);
template Option* OptionParser::add_option(const std::string&, std::optional<std::string>&,
                                          const std::string&);
template Option* OptionParser::add_option(const std::string&, std::optional<int>&,
                                          const std::string&);
template Option* OptionParser::add_option(const std::string&, std::optional<float>&,
                                          const std::string&);
template Option* OptionParser::add_option(const std::string&, std::optional<std::uint64_t>&,
                                          const std::string&);

Option* OptionParser::add_flag(const std::string& names, bool& value, const std::string& text) {
  return &options_.emplace_back(implementation_->app.add_flag(names, value, text));
}

Option* OptionParser::add_config_file(const std::string& names, const std::string& text) {
  return add_option(names, config_file_, text);
}

bool OptionParser::parse(Arguments arguments) {
  CLI::App& app = implementation_->app;
  read_environment_too(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    reject_ignored_variables(app);
    if (!config_file_.empty()) apply_config(app, config_file_);
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::ParseError& error) {
    const std::string message = message_of(error, app);
    throw UsageError(message + environment_hint(app, arguments, message));
  }
  return true;
}

bool OptionParser::was_typed(const std::string& name) const {
  const CLI::Option* option = implementation_->app.get_option_no_throw(name);
  return option != nullptr && option->count() > 0 &&
         std::getenv(option->get_envname().c_str()) == nullptr;
}

std::string OptionParser::first_typed(std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    if (was_typed(name)) return name;
  }
  return {};
}

std::map<std::string, std::string> OptionParser::given() const {
  std::map<std::string, std::string> given;
  for (const CLI::Option* option : implementation_->app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    std::string value;
    for (const std::string& each : option->results()) {
      if (!value.empty()) value += '\n';
      value += each;
    }
    given.emplace(option->get_lnames().front(), value);
  }
  return given;
}

std::vector<OptionDescription> OptionParser::describe() const {
  const CLI::App& app = implementation_->app;
  std::vector<OptionDescription> descriptions;
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr()) continue;
    descriptions.push_back({.words = option->get_positional() ? option->get_name() : "",
                            .short_name = first_of(option->get_snames()),
                            .long_name = first_of(option->get_lnames()),
                            .type_name = option->get_type_name(),
                            .text = option->get_description(),
                            .group = option->get_group(),
                            .variable = option->get_envname()});
  }
  return descriptions;
}

}  // namespace blip::cli
