#include "cli/options/option_parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

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

bool OptionParser::parse(Arguments arguments) {
  CLI::App& app = implementation_->app;
  read_environment_too(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    reject_ignored_variables(app);
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
