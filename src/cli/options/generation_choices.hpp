// The options that say how text is generated.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "blip/generation.hpp"
#include "cli/input/input_list.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

/// What is generated, for what, and what it starts with, in the help text.
struct GenerationWords {
  std::string_view thing;  ///< "caption"; several are named --num-captions
  std::string_view per;    ///< "image"
  std::string_view start;  ///< "prompt"
};

class GenerationChoices {
 public:
  static constexpr const char* kGroup =
      "Text (what is not set is as in transformers: greedy, 20 tokens)";

  explicit GenerationChoices(const GenerationWords& words) : words_(words) {}

  void declare(OptionParser& app);
  /// After parsing. Throws UsageError.
  void resolve(const OptionParser& app);

  /// Throws UsageError, telling `reason`, if any of these options was typed.
  void forbid(const OptionParser& app, std::string_view reason) const;

  /// What `generate` returns. What it throws names the command line's options (--beams) instead of
  /// the library's (num_beams).
  template <typename Generate>
  auto with_option_names(const Generate& generate) const {
    try {
      return generate();
    } catch (const Error& error) {
      throw Error(error.code(), option_names_in(error.what()));
    }
  }

  /// Throws UsageError if the list of images and the banned words both come from standard input.
  void require_own_input(const InputSelection& selection) const;

  GenerationOptions options;
  std::vector<std::string> banned_words;

 private:
  [[nodiscard]] std::string option_names_in(std::string message) const;
  void declare_sampling(OptionParser& app);

  GenerationWords words_;
  std::string early_stopping_;
  std::string banned_words_file_;
  bool sample_ = false;
};

}  // namespace blip::cli
