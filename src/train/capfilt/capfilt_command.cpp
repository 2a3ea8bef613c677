// blip train capfilt: a bootstrapped data set from the web's.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "blip/context.hpp"
#include "blip/error.hpp"
#include "cli/input/model_download.hpp"
#include "cli/output/console.hpp"
#include "cli/output/progress.hpp"
#include "core/base64.hpp"
#include "core/ordered_prefetcher.hpp"
#include "core/replacement_file.hpp"
#include "image/jpeg_writer.hpp"
#include "train/capfilt/bootstrapping.hpp"
#include "train/capfilt/capfilt_options.hpp"
#include "train/capfilt/image_rows.hpp"
#include "train/capfilt/output_directory.hpp"
#include "train/capfilt/report_page.hpp"
#include "train/commands.hpp"
#include "train/run/stop_request.hpp"

namespace blip::train {
namespace {

// More decoders than this only fill the memory with decoded pictures.
constexpr int kMaxDecoders = 8;

// So many consecutive images of the web's, or of the humans', which become one part of the output.
struct Part {
  std::size_t number = 0;
  bool is_human = false;
  std::size_t first = 0;
  std::size_t end = 0;
};

void add_parts(std::vector<Part>& parts, std::size_t images, std::size_t size, bool is_human) {
  for (std::size_t first = 0; first < images; first += size) {
    parts.push_back({parts.size(), is_human, first, std::min(first + size, images)});
  }
}

std::optional<ImageRows> open_human(const CapfiltOptions& options) {
  if (options.human.empty()) return std::nullopt;
  return ImageRows::open(options.human, {.root = options.images});
}

class CapfiltRun {
 public:
  explicit CapfiltRun(const CapfiltOptions& options)
      : options_(options),
        web_(ImageRows::open(options.web, {.root = options.images})),
        human_(open_human(options)),
        output_(options.output, options.fingerprint(), options.writes_list(), options.resume) {
    add_parts(parts_, web_.size(), options.shard_size, false);
    if (human_) add_parts(parts_, human_->size(), options.shard_size, true);
  }

  // False if it was told to stop.
  bool bootstrap(const StopRequest& stop);
  // Also of a run that was complete before.
  ReportData report() const;

 private:
  [[nodiscard]] CapfiltModels load_models() const;
  bool write_web_part(const Part& part, const CapfiltModels& models, Context& context,
                      const StopRequest& stop);
  bool write_human_part(const Part& part, const StopRequest& stop);
  void add(OutputPart& output, dataset::Sample sample, ImageDecision decision);
  [[nodiscard]] std::string thumbnail(std::uint64_t image) const;
  [[nodiscard]] ReportRun described() const;

  const CapfiltOptions& options_;
  ImageRows web_;
  std::optional<ImageRows> human_;
  OutputDirectory output_;
  std::vector<Part> parts_;
  std::optional<cli::Progress> progress_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
};

CapfiltModels CapfiltRun::load_models() const {
  CapfiltModels models;
  if (!options_.captioner.empty()) {
    models.captioner.emplace(
        app::ModelOptions{.model = cli::find_model(options_.captioner, options_.quiet),
                          .weight_type = options_.weight_type,
                          .pictures = {.exif_rotation = false}},  // as the data are trained on
        app::CaptionOptions{.prompt = options_.prompt, .generation = options_.generation});
  }
  if (!options_.filter.empty()) {
    models.filter.emplace(
        TextFilterOptions{.model = cli::find_model(options_.filter, options_.quiet),
                          .weight_type = options_.weight_type});
  }
  return models;
}

bool CapfiltRun::bootstrap(const StopRequest& stop) {
  if (output_.is_complete()) return true;
  std::vector<Part> missing;
  for (const Part& part : parts_) {
    if (!output_.has_part(part.number)) missing.push_back(part);
  }
  std::size_t images = 0;
  for (const Part& part : missing) images += part.end - part.first;
  // Web parts come first; where only humans' are left, no model is needed.
  std::optional<CapfiltModels> models;
  if (!missing.empty() && !missing.front().is_human) models.emplace(load_models());
  Context context({.num_threads = options_.threads});
  progress_.emplace(!options_.quiet && cli::terminal_shows_progress(), images);
  progress_->draw(0, 0);
  for (const Part& part : missing) {
    const bool is_written =
        part.is_human ? write_human_part(part, stop) : write_web_part(part, *models, context, stop);
    if (is_written) continue;
    progress_->clear();
    return false;
  }
  output_.complete(parts_.size());
  progress_->finish(done_, failed_);
  return true;
}

bool CapfiltRun::write_web_part(const Part& part, const CapfiltModels& models, Context& context,
                                const StopRequest& stop) {
  const auto next_image = [next = part.first, &part](const std::stop_token&) mutable {
    return next < part.end ? std::optional(next++) : std::nullopt;
  };
  const auto load = [&](std::size_t image) {
    LoadedPicture failed;
    failed.image = image;
    try {
      return prepare_picture(models, image, web_.read(image));
    } catch (const std::bad_alloc&) {
      failed.error = "not enough memory to read this picture";
    } catch (const std::exception& error) {
      failed.error = error.what();
    }
    return failed;
  };
  OrderedPrefetcher<std::size_t, LoadedPicture> pictures(
      next_image, load, std::min(context.num_threads(), kMaxDecoders), 2 * kGroupSize);
  OutputPart output(output_, part.number);
  for (std::size_t first = part.first; first < part.end; first += kGroupSize) {
    std::vector<LoadedPicture> group;
    while (group.size() < std::min(kGroupSize, part.end - first)) {
      group.push_back(std::move(*pictures.next()));
    }
    if (stop.requested()) return false;
    std::vector<ImageDecision> decisions = decide(models, options_.threshold, group, context);
    for (std::size_t i = 0; i < group.size(); ++i) {
      add(output, std::move(group[i].sample), std::move(decisions[i]));
    }
    progress_->draw(done_, failed_);
  }
  output.finish();
  return true;
}

bool CapfiltRun::write_human_part(const Part& part, const StopRequest& stop) {
  OutputPart output(output_, part.number);
  for (std::size_t image = part.first; image < part.end; ++image) {
    if (stop.requested()) return false;
    dataset::Sample sample;
    ImageDecision decision;
    try {
      sample = output_.is_list() ? human_->annotation(image) : human_->read(image);
      decision = pass_on(image, sample);
    } catch (const Error& error) {
      decision.image = image;
      decision.is_human = true;
      decision.error = error.what();
    }
    add(output, std::move(sample), std::move(decision));
    progress_->draw(done_, failed_);
  }
  output.finish();
  return true;
}

void CapfiltRun::add(OutputPart& output, dataset::Sample sample, ImageDecision decision) {
  output.add(std::move(sample), decision);
  ++done_;
  if (decision.error.empty()) return;
  ++failed_;
  progress_->clear();
  cli::print_message(
      fmt::format("{} {}{}: {}", decision.is_human ? "annotated image" : "image", decision.image,
                  decision.key.empty() ? "" : " (" + decision.key + ")", decision.error));
}

std::string CapfiltRun::thumbnail(std::uint64_t image) const {
  constexpr int kHeight = 240;  // 172 points, for screens of more than one pixel a point
  constexpr int kMaxWidth = 640;
  constexpr int kQuality = 80;
  try {
    const dataset::Sample sample = web_.read(static_cast<std::size_t>(image));
    const Image full = Image::decode(sample.pictures.at(0).bytes, {}, sample.pictures.at(0).name);
    const int width = std::clamp(full.width() * kHeight / full.height(), 1, kMaxWidth);
    const Image small = full.height() > kHeight ? full.resized(width, kHeight) : full;
    return "data:image/jpeg;base64," + base64(image::jpeg_bytes(small, kQuality));
  } catch (const Error&) {
    return {};  // the report is about texts and has its place without the picture
  }
}

ReportRun CapfiltRun::described() const {
  const GenerationOptions& generation = options_.generation;
  ReportRun run{.captioner = options_.captioner,
                .filter = options_.filter,
                .sampling = {},
                .threshold = options_.threshold};
  run.sampling =
      generation.num_beams
          ? fmt::format("{} beams", *generation.num_beams)
          : fmt::format("nucleus sampling, top-p {}, top-k {}, repetition penalty {}, seed {}",
                        generation.top_p.value_or(1), generation.top_k.value_or(0),
                        generation.repetition_penalty.value_or(1), generation.seed.value_or(0));
  return run;
}

ReportData CapfiltRun::report() const {
  ReportData data = read_decisions(output_.decisions(), options_.threshold, options_.report_images);
  const Thumbnail thumbnails = [this](std::uint64_t image) { return thumbnail(image); };
  replace_file(output_.path() / "report.html", report_page(described(), data, thumbnails));
  return data;
}

std::string summary(const ReportData& data) {
  std::string text;
  for (const TextSource source : {TextSource::web, TextSource::synthetic, TextSource::human}) {
    const SourceCounts& counts = data.counts(source);
    if (counts.texts == 0) continue;
    text += fmt::format("{}: {} of {} texts kept ({:.1f} %)\n", name_of(source), counts.kept,
                        counts.texts,
                        100 * static_cast<double>(counts.kept) / static_cast<double>(counts.texts));
  }
  return text;
}

}  // namespace

cli::ExitCode run_capfilt(cli::Arguments arguments) {
  const auto options = parse_capfilt_options(arguments);
  if (!options) return cli::ExitCode::ok;
  const StopRequest stop;
  CapfiltRun run(*options);
  if (!run.bootstrap(stop)) {
    cli::print_message("stopped; the same command with --resume goes on");
    return static_cast<cli::ExitCode>(stop.exit_code());
  }
  const ReportData data = run.report();
  cli::print(summary(data));
  return data.failed() > 0 ? cli::ExitCode::some_failed : cli::ExitCode::ok;
}

}  // namespace blip::train
