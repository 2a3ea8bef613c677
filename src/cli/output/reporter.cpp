#include "cli/output/reporter.hpp"

#include <exception>
#include <utility>

#include "app/records/output_file.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {

using app::OutputError;
using app::Record;

Reporter::~Reporter() {
  const std::lock_guard lock(mutex_);
  end_early();
}

void Reporter::open(const OutputOptions& options, const app::RecordSchema& schema) {
  const std::lock_guard lock(mutex_);
  sink_ = app::open_record_sink({.format = options.format,
                                 .file = options.file,
                                 .resume = options.resume,
                                 .force = options.force,
                                 .settings = options.settings},
                                schema);
  shows_progress_ = !options.quiet && terminal_shows_progress();
}

bool Reporter::is_done(std::string_view path) {
  const std::lock_guard lock(mutex_);
  return sink_->is_done(path);
}

void Reporter::start_progress(std::optional<std::size_t> total, std::string_view things) {
  const std::lock_guard lock(mutex_);
  if (progress_) progress_->finish(done_, failed_);
  done_ = 0;
  progress_.emplace(shows_progress_ && total != 1U, total, things);
  progress_->draw(0, failed_);
}

void Reporter::write(std::span<const Record> records) {
  if (progress_) progress_->clear();
  try {
    sink_->write(records);
  } catch (const OutputError&) {
    has_ended_ = true;
    throw;
  }
}

void Reporter::report(std::span<const Record> records) {
  const std::lock_guard lock(mutex_);
  write(records);
  for (const Record& record : records) {
    ++done_;
    if (record.error.empty()) continue;
    ++failed_;
    print_message(record.path + ": " + record.error);
  }
  if (progress_) progress_->draw(done_, failed_);
}

void Reporter::add(std::span<const Record> records) {
  const std::lock_guard lock(mutex_);
  write(records);
}

void Reporter::show_progress(std::size_t done) {
  const std::lock_guard lock(mutex_);
  done_ = done;
  if (progress_) progress_->draw(done_, failed_);
}

ExitCode Reporter::finish() {
  const std::lock_guard lock(mutex_);
  has_ended_ = true;  // even if it fails: there is no second try
  sink_->finish();
  if (progress_) progress_->finish(done_, failed_);
  return failed_ > 0 ? ExitCode::some_failed : ExitCode::ok;
}

void Reporter::set_unwritten(std::function<std::vector<Record>()> unwritten) {
  const std::lock_guard lock(mutex_);
  unwritten_ = std::move(unwritten);
}

void Reporter::end_interrupted() {
  const std::lock_guard lock(mutex_);
  if (unwritten_ && sink_ && !has_ended_) write(unwritten_());
  end_early();
}

void Reporter::end_early() noexcept {
  try {
    if (progress_) progress_->clear();
    if (sink_ && !std::exchange(has_ended_, true)) sink_->finish_early();
  } catch (const std::exception&) {
    // Output that cannot be written any more: what ends the run is told already.
  }
}

}  // namespace blip::cli
