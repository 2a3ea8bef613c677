#include "cli/options/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "cli/options/help_text.hpp"

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

std::string describe(const CLI::App& app, const CLI::ParseError& error) {
  const std::string message = error.what();
  const std::vector<std::string> unknown = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty()) {
    return (unknown.front().starts_with("-") ? "unknown option " : "unexpected argument ") +
           unknown.front();
  }
  return message.substr(0, message.find('\n'));
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

bool parse_arguments(CLI::App& app, const CommandHelp& help, Arguments arguments) {
  read_environment_too(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    reject_ignored_variables(app);
  } catch (const CLI::CallForHelp&) {
    print_help(app, help);
    return false;
  } catch (const CLI::ParseError& error) {
    const std::string message = describe(app, error);
    throw UsageError(message + environment_hint(app, arguments, message) + "; see: blip " +
                     std::string(help.name) + " --help");
  }
  return true;
}

bool was_typed(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option(name);
  return option->count() > 0 && std::getenv(option->get_envname().c_str()) == nullptr;
}

CLI::Validator whole_number(long long least, long long most) {
  return {[=](const std::string& text) -> std::string {
            const auto value = parse_number<long long>(text);
            if (value && *value >= least && *value <= most) return {};
            return most == std::numeric_limits<int>::max()
                       ? fmt::format("'{}' is not a whole number of {} or more", text, least)
                       : fmt::format("'{}' is not a whole number from {} to {}", text, least, most);
          },
          ""};
}

CLI::Validator number(double least, double most) {
  return {[=](const std::string& text) -> std::string {
            const auto value = parse_number<double>(text);
            if (value && *value >= least && *value <= most) return {};
            return fmt::format("'{}' is not a number from {} to {}", text, least, most);
          },
          ""};
}

CLI::Validator positive_number() {
  return {[](const std::string& text) -> std::string {
            const auto value = parse_number<double>(text);
            if (value && *value > 0 && std::isfinite(*value)) return {};
            return fmt::format("'{}' is not a number above 0", text);
          },
          ""};
}

CLI::Validator one_of(std::vector<std::string> words) {
  return {[words = std::move(words)](const std::string& text) -> std::string {
            if (std::find(words.begin(), words.end(), text) != words.end()) return {};
            return fmt::format("'{}' is none of {}", text, fmt::join(words, ", "));
          },
          ""};
}

}  // namespace blip::cli
