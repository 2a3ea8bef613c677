#include "app/describe/describer.hpp"

#include <string>

namespace blip::app {
namespace {

std::vector<std::string> names_of(const std::vector<ScoredLabel>& tags) {
  std::vector<std::string> names;
  for (const ScoredLabel& tag : tags) names.push_back(tag.label);
  return names;
}

}  // namespace

std::vector<metadata::PictureText> Describer::describe(Images images, Context& context) const {
  std::vector<metadata::PictureText> texts(images.size());
  if (options_.description || options_.alt) {
    const std::vector<Captions> captions = captioner_.caption(images, context);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::string& caption = captions[i].front().text;
      if (options_.description) texts[i].description = caption;
      if (options_.alt) texts[i].alt = alt_text(caption, options_.alt_characters);
    }
  }
  if (tagger_ == nullptr) return texts;
  std::vector<PreparedImage> prepared;
  for (const PreparedImage* image : images) {
    prepared.push_back({.name = image->name,
                        .index = image->index,
                        .pixel_values = tagger_->pictures()(image->name),
                        .error = {}});
  }
  const ImageBatch batch(std::move(prepared));
  const auto tags = tagger_->tag(batch.images(), options_.tags, context);
  for (std::size_t i = 0; i < images.size(); ++i) texts[i].subjects = names_of(tags[i]);
  return texts;
}

}  // namespace blip::app
