// The options that say where a model looked.
#pragma once

#include <optional>
#include <string>

#include "app/explain/explanation_file.hpp"
#include "blip/grad_cam.hpp"
#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

/// Which layer and head is looked at.
class AttentionChoices {
 public:
  /// `prefix` stands before the names: --explain-layer, or --layer.
  void declare(OptionParser& app, const std::string& prefix, const std::string& group);
  /// After parsing. Throws UsageError.
  void resolve();

  GradCamOptions options;

 private:
  std::string head_ = "mean";
  std::string prefix_;
};

/// --explain DIR and what goes with it, of commands that go through images.
class ExplainChoices {
 public:
  void declare(OptionParser& app);
  /// After parsing. Throws UsageError.
  void resolve(const OptionParser& app);

  [[nodiscard]] bool given() const noexcept { return !folder_.empty(); }
  /// What Grad-CAM looks at; nothing without --explain.
  [[nodiscard]] std::optional<GradCamOptions> options() const;
  /// Makes the folder. Nothing without --explain. Throws UsageError for a picture on standard
  /// input, which cannot be read once more to be drawn on, and blip::Error.
  [[nodiscard]] std::optional<app::ExplanationFolder> open(const InputOptions& inputs) const;

 private:
  std::string folder_;
  std::string formats_ = "png";
  AttentionChoices attention_;
};

}  // namespace blip::cli
