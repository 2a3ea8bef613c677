#include "cli/options/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/options/help_text.hpp"

namespace blip::cli {
namespace {

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

bool parse_arguments(OptionParser& parser, const CommandHelp& help, Arguments arguments) {
  try {
    if (parser.parse(arguments)) return true;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}; see: blip {} --help", error.what(), help.name));
  }
  print_help(parser.describe(), help);
  return false;
}

void require_directory_of(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  std::error_code ignored;
  if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    throw UsageError(file + ": there is no folder " + directory.string());
  }
}

OptionCheck whole_number(long long least, long long most) {
  return [=](const std::string& text) -> std::string {
    const auto value = parse_number<long long>(text);
    if (value && *value >= least && *value <= most) return {};
    return most == std::numeric_limits<int>::max()
               ? fmt::format("'{}' is not a whole number of {} or more", text, least)
               : fmt::format("'{}' is not a whole number from {} to {}", text, least, most);
  };
}

OptionCheck number(double least, double most) {
  return [=](const std::string& text) -> std::string {
    const auto value = parse_number<double>(text);
    if (value && *value >= least && *value <= most) return {};
    return fmt::format("'{}' is not a number from {} to {}", text, least, most);
  };
}

OptionCheck positive_number() {
  return [](const std::string& text) -> std::string {
    const auto value = parse_number<double>(text);
    if (value && *value > 0 && std::isfinite(*value)) return {};
    return fmt::format("'{}' is not a number above 0", text);
  };
}

OptionCheck one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    return fmt::format("'{}' is none of {}", text, fmt::join(words, ", "));
  };
}

}  // namespace blip::cli
