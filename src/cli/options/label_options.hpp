// The labels that `blip classify` and `blip tag` compare images with.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/label_embeddings.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

class LabelOptions {
 public:
  /// `purpose` says what --labels does.
  void declare(OptionParser& app, std::string_view purpose);
  /// Reads the files. Throws UsageError for a file without labels or a template without {}.
  void resolve();

  [[nodiscard]] bool given() const noexcept { return !set.labels.empty(); }
  /// Where their vectors are kept between runs; empty with --no-label-cache.
  [[nodiscard]] std::filesystem::path kept_labels() const;

  app::LabelSet set;

 private:
  std::vector<std::string> sources_;
  std::vector<std::string> templates_;
  bool keeps_nothing_ = false;
};

}  // namespace blip::cli
