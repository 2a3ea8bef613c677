// ImageRun: what every command does that goes through a list of images.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/images/image_stream.hpp"
#include "app/images/picture_reader.hpp"
#include "app/records/record.hpp"
#include "app/sidecars/sidecar_names.hpp"
#include "cli/exit_code.hpp"
#include "cli/input/input_list.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {

/// Of a command that writes the files beside the images itself: which they are, and whether nothing
/// is to be done for an image.
struct OwnSidecars {
  PlaceSidecar place = nullptr;
  std::function<bool(const Input&)> is_done = nullptr;
};

/// The order of a command: make an ImageRun, load the model, start, then next_batch and report
/// until there is nothing more, finish. Whatever is thrown in between, what was printed is whole.
class ImageRun {
 public:
  /// Interrupts are watched for from now on, so no thread may have been started before. The options
  /// must outlive the run.
  ImageRun(const InputOptions& inputs, const OutputOptions& output, int batch,
           app::RecordSchema schema);

  /// Looks at an input before its picture is read, on several threads at once. What it throws, an
  /// Error, is why the image fails.
  using CheckInput = std::function<void(const Input&)>;

  /// Lists the images and opens the output: to be called when nothing but these can be wrong any
  /// more. `pictures` and what `check` refers to must outlive the run. Throws UsageError,
  /// OutputError or Error.
  void start(const app::PictureReader& pictures, int num_threads, CheckInput check = nullptr,
             const OwnSidecars& own = {});

  /// The next images; nothing after the last. Throws UsageError.
  std::optional<app::ImageBatch> next_batch();

  /// What was found out about each of batch.images(); none of it makes a record. Failed images are
  /// named. `errors`: why those failed that were found out about all the same, empty for the
  /// others; none at all if no image did.
  void report(const app::ImageBatch& batch, std::vector<std::vector<app::Finding>> findings,
              std::span<const std::string> errors = {});
  /// The same for a command that says nothing of an image before it has seen all.
  void report_failures(const app::ImageBatch& batch);

  /// Ends the output. Throws UsageError if the list of images was empty.
  ExitCode finish();

  [[nodiscard]] Reporter& reporter() noexcept { return reporter_; }

 private:
  void tell_of_sidecars() const;

  const InputOptions& input_options_;
  const OutputOptions& output_options_;
  std::size_t batch_;
  app::RecordSchema schema_;
  std::optional<app::SidecarNames> sidecar_names_;
  Reporter reporter_;
  InterruptWatcher watcher_;  // uses reporter_
  std::optional<InputList> inputs_;
  bool inputs_are_slow_ = false;            // names may still arrive through a pipe
  std::optional<app::ImageStream> images_;  // uses inputs_
};

}  // namespace blip::cli
