#include "train/capfilt/bootstrapping.hpp"

#include <utility>

#include "blip/image.hpp"
#include "core/unicode.hpp"
#include "dataset/text_preprocessing.hpp"

namespace blip::train {
namespace {

// Those of the images without an error, as one of the models takes them.
std::vector<const app::PreparedImage*> good_images(std::span<const LoadedPicture> group,
                                                   app::PreparedImage LoadedPicture::*prepared) {
  std::vector<const app::PreparedImage*> images;
  for (const LoadedPicture& picture : group) {
    if (picture.error.empty()) images.push_back(&(picture.*prepared));
  }
  return images;
}

// One synthetic text for each image without an error, in order.
std::vector<std::string> synthetic_texts(const app::Captioner& captioner,
                                         std::span<const LoadedPicture> group, Context& context) {
  std::vector<std::string> texts;
  for (const app::Captions& captions :
       captioner.caption(good_images(group, &LoadedPicture::for_captioner), context)) {
    texts.push_back(captioner.without_prompt(captions.front().text));
  }
  return texts;
}

void judge(const TextFilter& filter, const EncodedImage& image, double threshold,
           std::vector<JudgedText>& texts, Context& context) {
  std::vector<std::string> written;
  written.reserve(texts.size());
  for (const JudgedText& text : texts) written.push_back(text.text);
  // All texts of an image in one call, and no other's: its scores depend on nothing else.
  const auto scores = filter.score(image, written, context);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    texts[i].score = scores[i];
    texts[i].kept = scores[i] && *scores[i] >= threshold;
  }
}

}  // namespace

LoadedPicture prepare_picture(const CapfiltModels& models, std::size_t image,
                              dataset::Sample sample) {
  LoadedPicture picture{.image = image,
                        .sample = std::move(sample),
                        .for_captioner = {},
                        .for_filter = {},
                        .error = {}};
  if (picture.sample.pictures.size() != 1) {
    picture.error = "has " + std::to_string(picture.sample.pictures.size()) + " pictures, not one";
    return picture;
  }
  try {
    const dataset::EncodedPicture& encoded = picture.sample.pictures.front();
    const Image decoded = Image::decode(encoded.bytes, {}, encoded.name);
    picture.for_captioner.index = picture.for_filter.index = image;
    if (models.captioner) {
      picture.for_captioner.pixel_values = models.captioner->pictures()(decoded);
    }
    if (models.filter) picture.for_filter.pixel_values = models.filter->prepare(decoded);
  } catch (const std::exception& error) {
    picture.error = error.what();
  }
  return picture;
}

std::vector<ImageDecision> decide(const CapfiltModels& models, double threshold,
                                  std::span<const LoadedPicture> group, Context& context) {
  std::vector<std::string> synthetic;
  if (models.captioner) synthetic = synthetic_texts(*models.captioner, group, context);
  std::vector<EncodedImage> encoded;
  if (models.filter)
    encoded = models.filter->encode(good_images(group, &LoadedPicture::for_filter), context);
  std::vector<ImageDecision> decisions;
  std::size_t good = 0;
  for (const LoadedPicture& picture : group) {
    ImageDecision& decision = decisions.emplace_back();
    decision.image = picture.image;
    decision.key = picture.sample.key;
    decision.error = picture.error;
    if (!picture.error.empty()) continue;
    for (const std::string& caption : picture.sample.captions) {
      decision.texts.push_back(
          {TextSource::web, replace_invalid_utf8(caption), std::nullopt, false});
    }
    if (models.captioner) {
      decision.texts.push_back({TextSource::synthetic, synthetic[good], std::nullopt, false});
    }
    if (models.filter) {
      judge(*models.filter, encoded[good], threshold, decision.texts, context);
    } else {
      for (JudgedText& text : decision.texts) {
        text.kept = !dataset::pre_caption(text.text).empty();
      }
    }
    ++good;
  }
  return decisions;
}

ImageDecision pass_on(std::size_t image, const dataset::Sample& sample) {
  ImageDecision decision;
  decision.image = image;
  decision.key = sample.key;
  decision.is_human = true;
  for (const std::string& caption : sample.captions) {
    decision.texts.push_back(
        {TextSource::human, replace_invalid_utf8(caption), std::nullopt, true});
  }
  return decision;
}

}  // namespace blip::train
