// Models as they are named on the command line, fetched from the hub where need be.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "app/model_options.hpp"
#include "checkpoint/model_source.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

/// What resolve_model answers, with a line on the terminal while a model is downloaded, unless
/// `quiet`. Throws blip::Error.
std::filesystem::path find_model(const std::string& name, bool quiet = false);

/// What resolve_source answers, in the same way.
ModelSource find_source(const std::string& name, const std::string& adapter, bool quiet = false);

/// What app/ opens a model with: the model found as above.
app::ModelOptions find_model(const ModelOptions& model, app::PictureOptions pictures, bool quiet);

/// The line on a terminal that says how far a download is; gone with its scope.
class DownloadLine {
 public:
  /// Shows nothing unless `enabled` and there is a terminal.
  explicit DownloadLine(bool enabled);
  ~DownloadLine();
  DownloadLine(const DownloadLine&) = delete;
  DownloadLine& operator=(const DownloadLine&) = delete;

  /// A DownloadProgress: always true.
  bool show(std::string_view file, std::uint64_t received, std::optional<std::uint64_t> total);

 private:
  bool enabled_;
  bool visible_ = false;
  std::chrono::steady_clock::time_point drawn_;
};

/// "[####....]  33 %  model.safetensors  329.9 MB of 989.7 MB", shorter than `columns`.
std::string download_line(std::string_view file, std::uint64_t received,
                          std::optional<std::uint64_t> total, std::size_t columns);

/// "989.7 MB".
std::string human_bytes(std::uint64_t bytes);

}  // namespace blip::cli
