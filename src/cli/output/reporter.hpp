// Reporter: the one that writes results, names failures and draws progress, and knows how to leave.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "cli/exit_code.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/npy_writer.hpp"
#include "cli/output/progress.hpp"
#include "cli/output/result_writer.hpp"

namespace blip::cli {

/// Synchronised: a signal may find the main thread in the middle of any call.
class Reporter {
 public:
  /// Opens what `options` names, with the format of `layout`. `total` is how many `things` there
  /// are to do, if that is known. Throws OutputError.
  void start(const OutputOptions& options, ResultLayout layout, std::optional<std::size_t> total,
             std::string_view things = "images");

  /// Writes the records of inputs that are done and names the failed ones on stderr.
  void report(std::span<const Record> records);
  /// Writes more records, which are not of inputs.
  void add(std::span<const Record> records);
  /// Runs `work`; whatever it throws, what was printed before is made whole.
  void guard(const std::function<void()>& work);
  /// Ends the output and says how the run went.
  ExitCode finish();

  /// Makes whole what was printed, whatever the other threads are at.
  void leave_in_order();

 private:
  void write(std::span<const Record> records);

  std::mutex mutex_;
  std::optional<std::variant<ResultWriter, NpyWriter>> writer_;
  std::optional<Progress> progress_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace blip::cli
