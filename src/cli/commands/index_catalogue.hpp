// blip index --catalogue: makes a product catalogue searchable.
#pragma once

#include <string>

#include "cli/exit_code.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {

struct CatalogueOptions {
  std::string file;            ///< empty: photos are indexed
  std::string attributes;      ///< a file; empty: none
  std::string question_model;  ///< that answers the file's questions
  bool descriptions = false;   ///< are in the vectors of texts, too
  bool thumbnails = false;

  void declare(OptionParser& app);
  [[nodiscard]] bool given() const noexcept { return !file.empty(); }
  /// Throws UsageError for an option that needs another one.
  void check() const;
};

/// `index`: its file. The reporter is open. Throws Error.
ExitCode index_catalogue(const CatalogueOptions& options, const ModelOptions& model,
                         const app::PictureOptions& pictures, const std::string& index, bool quiet,
                         Reporter& reporter);

}  // namespace blip::cli
