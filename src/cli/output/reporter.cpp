#include "cli/output/reporter.hpp"

#include <utility>

#include "cli/output/console.hpp"

namespace blip::cli {

void Reporter::start(const OutputOptions& options, ResultLayout layout,
                     std::optional<std::size_t> total, std::string_view things) {
  const std::lock_guard lock(mutex_);
  if (layout.format == Format::npy) {
    writer_.emplace(std::in_place_type<NpyWriter>, options.file);
  } else {
    OutputFile output = options.file.empty() ? OutputFile::standard_output()
                                             : OutputFile::open(options.file, options.resume);
    writer_.emplace(std::in_place_type<ResultWriter>, std::move(output), std::move(layout));
  }
  progress_.emplace(!options.quiet && total != 1U && terminal_shows_progress(), total, things);
  progress_->draw(0, 0);
}

void Reporter::write(std::span<const Record> records) {
  progress_->clear();
  std::visit([records](auto& writer) { writer.write(records); }, *writer_);
}

void Reporter::report(std::span<const Record> records) {
  const std::lock_guard lock(mutex_);
  write(records);
  for (const Record& record : records) {
    ++done_;
    if (record.error.empty()) continue;
    ++failed_;
    say(record.path + ": " + record.error);
  }
  progress_->draw(done_, failed_);
}

void Reporter::add(std::span<const Record> records) {
  const std::lock_guard lock(mutex_);
  write(records);
}

void Reporter::guard(const std::function<void()>& work) {
  try {
    work();
  } catch (const OutputError&) {
    throw;  // nothing can be made whole any more
  } catch (...) {
    leave_in_order();
    throw;
  }
}

ExitCode Reporter::finish() {
  const std::lock_guard lock(mutex_);
  std::visit([](auto& writer) { writer.finish(); }, *writer_);
  progress_->finish(done_, failed_);
  return failed_ > 0 ? ExitCode::some_failed : ExitCode::ok;
}

void Reporter::leave_in_order() {
  const std::lock_guard lock(mutex_);
  if (progress_) progress_->clear();
  if (writer_) std::visit([](auto& writer) { writer.finish_early(); }, *writer_);
}

}  // namespace blip::cli
