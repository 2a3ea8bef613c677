// The options of one command: declared with the variables that they set, then read from the
// command line and the environment. CLI11 does the work behind it; only option_parser.cpp sees it.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/commands.hpp"

namespace CLI {
class Option;
}

namespace blip::cli {

/// What was typed cannot be run. `what()` is one line.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Says what is wrong with a value as it was typed; empty if nothing is.
using OptionCheck = std::function<std::string(const std::string& text)>;

/// A declared option. Every call returns the option, so that calls can be chained.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// What help calls the value: "FILE".
  Option* type_name(const std::string& name);
  /// The heading of help that the option stands under.
  Option* group(const std::string& heading);
  Option* check(const OptionCheck& check);
  Option* required();
  /// Of a list: one value after the option, the next one after the option's next occurrence.
  Option* one_value_each();
  /// Of a list: several values in one word, with `separator` between them.
  Option* delimiter(char separator);

 private:
  CLI::Option* option_;
};

/// What help says of one option.
struct OptionDescription {
  std::string words;       ///< the name of the words that are no options ("IMAGE"); else empty
  std::string short_name;  ///< "m"
  std::string long_name;   ///< "model"
  std::string type_name;   ///< "MODEL", empty for switches
  std::string text;
  std::string group;
  std::string variable;  ///< BLIP_MODEL
};

class OptionParser {
 public:
  OptionParser();
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  /// `names` are "-m,--model" or, for the words that are no options, "IMAGE". `value` has to live
  /// until everything is parsed; it keeps what it holds where nothing is given.
  /// Value: std::string, int, std::size_t, float, double, std::optional of std::string, int, float
  /// or std::uint64_t, or a list, std::vector<std::string>.
  template <typename Value>
  Option* add_option(const std::string& names, Value& value, const std::string& text);
  /// A switch.
  Option* add_flag(const std::string& names, bool& value, const std::string& text);

  /// An option whose value is a file with values of the others: `top-p = 0.9` in TOML (or INI), or
  /// an object in JSON if it ends in .json. What is typed or in the environment wins over it.
  Option* add_config_file(const std::string& names, const std::string& text);

  /// Reads `arguments` and, for every option that they do not set, the environment variable
  /// BLIP_<OPTION> (`--top-p` → BLIP_TOP_P), then the file of add_config_file. False if --help was
  /// typed. Throws UsageError.
  bool parse(Arguments arguments);

  /// Whether the option `name` ("--top-p") was given on the command line: the environment may set
  /// for all commands what means nothing to this one, but whoever types it expects it to be heeded.
  /// False if there is no such option.
  [[nodiscard]] bool was_typed(const std::string& name) const;

  /// The first of `names` that was typed; empty if none was.
  [[nodiscard]] std::string first_typed(std::initializer_list<const char*> names) const;

  /// The options that were given, by the command line or the environment, by their long names;
  /// several values of one have line ends between them. Of a switch, "true".
  [[nodiscard]] std::map<std::string, std::string> given() const;

  /// In the order in which they were declared; -h is not among them.
  [[nodiscard]] std::vector<OptionDescription> describe() const;

 private:
  struct Implementation;

  std::unique_ptr<Implementation> implementation_;
  std::deque<Option> options_;
  std::string config_file_;
};

}  // namespace blip::cli
