// Reporter: writes results, names failures and draws progress, whatever ends the run.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "app/images/image_stream.hpp"
#include "app/records/record_sink.hpp"
#include "app/sidecars/sidecar_writer.hpp"
#include "cli/exit_code.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/progress.hpp"

namespace blip::cli {

/// Synchronised: a signal may find the main thread in the middle of any call.
class Reporter {
 public:
  Reporter() = default;
  /// Ends the output early if finish() was not reached, so that what was printed is whole.
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  /// Opens what `options` names. Throws OutputError, or Error for a file that cannot be resumed.
  void open(const OutputOptions& options, const app::RecordSchema& schema);
  /// Whether the output held all about this input when it was opened.
  bool is_done(const app::ImageInput& input);
  /// Inputs whose text files were there and stay as they are.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_; }
  /// Shows how much is done from now on. `total` is how many `things` there are to do, if that is
  /// known. A second call begins another stage of the run.
  void start_progress(std::optional<std::size_t> total, std::string_view things = "images");

  /// Writes the text files of inputs that are done, if there are to be any. A record whose file
  /// cannot be written becomes a failed one. Call before report().
  void write_sidecars(std::span<app::Record> records);
  /// Writes the records of inputs that are done and names the failed ones on stderr.
  void report(std::span<const app::Record> records);
  /// Writes more records, which are not of inputs.
  void add(std::span<const app::Record> records);
  /// How many things of the present stage are done, where no records tell.
  void show_progress(std::size_t done);
  /// Ends the output and says how the run went.
  ExitCode finish();

  /// What an interrupted run still has to write, asked of it when it is interrupted. An empty
  /// function ends that.
  void set_unwritten(std::function<std::vector<app::Record>()> unwritten);
  /// Makes whole what was printed, whatever the other threads are at. The run is not to write any
  /// more after it.
  void end_interrupted();

 private:
  void write_sidecar(app::Record& record) const;
  void write(std::span<const app::Record> records);
  void end_early() noexcept;

  std::mutex mutex_;
  std::unique_ptr<app::RecordSink> sink_;
  std::optional<app::SidecarWriter> sidecars_;
  std::function<std::vector<app::Record>()> unwritten_;
  bool shows_progress_ = false;
  std::optional<Progress> progress_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t kept_ = 0;
  bool has_ended_ = false;  // also after a write that failed: nothing can be made whole then
};

}  // namespace blip::cli
