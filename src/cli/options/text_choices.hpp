// The texts that go with images: words of the command line, an option given several times, a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/input/input_list.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

class TextChoices {
 public:
  /// `thing` is what a text is ("question"): the options are --question TEXT and --questions FILE.
  explicit TextChoices(std::string_view thing) : thing_(thing) {}

  void declare(OptionParser& app, std::string_view purpose);
  /// Reads the file. Throws UsageError if there is a file without texts.
  void resolve();

  /// Whether an option gave texts, so that every word of the command line is an image.
  [[nodiscard]] bool given() const noexcept { return !texts.empty(); }

  /// For `IMAGE TEXT...`: unless an option gave texts, takes all words but the first out of
  /// `selection`. A list that has a text for each image needs none. Throws UsageError if there are
  /// none, `command` being where to look for help.
  void take_words(InputSelection& selection, std::string_view command);

  /// Throws UsageError if a list of images and a file of texts both come from standard input.
  void require_own_input(const InputSelection& selection) const;

  std::vector<std::string> texts;

 private:
  std::string thing_;
  std::string file_;
};

/// The lines of a file, or of standard input ("-"), empty ones left out. Throws UsageError if it
/// cannot be read or there are none.
std::vector<std::string> lines_of(const std::string& file);

/// `texts` with each of them once, where it comes first.
std::vector<std::string> without_repeats(const std::vector<std::string>& texts);

}  // namespace blip::cli
