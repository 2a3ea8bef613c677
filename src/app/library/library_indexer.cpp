#include "app/library/library_indexer.hpp"

#include <string>
#include <unordered_map>
#include <utility>

#include "app/images/image_stream.hpp"
#include "app/library/difference_hash.hpp"
#include "app/library/photo_facts.hpp"
#include "app/library/picture_look.hpp"
#include "image/file_bytes.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

using search::IndexedModel;
using search::LibraryIndex;
using search::PictureFacts;

// The pictures of a plan one after the other, the next ones being read while the model works.
class PlannedStream {
 public:
  PlannedStream(const std::vector<PlannedPicture>& pictures, PrepareInput prepare,
                std::size_t batch, int threads)
      : batch_(batch),
        stream_(
            [this, &pictures](const std::stop_token&) -> std::optional<ImageInput> {
              if (next_ == pictures.size()) return std::nullopt;
              const std::size_t index = next_++;
              return ImageInput{.path = pictures[index].path, .index = index};
            },
            std::move(prepare), threads, 2 * batch) {}

  std::optional<ImageBatch> next_batch() { return stream_.next_batch(batch_); }

 private:
  std::size_t batch_;
  std::size_t next_ = 0;
  ImageStream stream_;
};

std::vector<Record> records_of(const ImageBatch& batch) {
  std::vector<Record> records;
  for (const PreparedImage& image : batch.all()) {
    records.push_back({.path = image.name, .findings = {}, .error = image.error});
  }
  return records;
}

}  // namespace

void embed_pictures(LibraryIndex& index, const std::string& model,
                    const std::vector<PlannedPicture>& pictures, const Embedder& embedder,
                    std::size_t batch, Context& context, const OnIndexed& on_indexed) {
  // Each is written by the thread that reads the picture, before the stream hands it over.
  std::vector<PictureFacts> facts(pictures.size());
  const auto prepare = [&](const ImageInput& input) {
    const std::vector<std::byte> bytes = image::read_file(input.path);
    const Image image = embedder.pictures().decode(bytes, input.path.string());
    PhotoFacts photo = photo_facts(bytes);
    facts[input.index] = {.hash = content_hash(bytes),
                          .width = image.width(),
                          .height = image.height(),
                          .dhash = difference_hash(image),
                          .taken = std::move(photo.taken),
                          .camera = std::move(photo.camera),
                          .latitude = photo.latitude,
                          .longitude = photo.longitude,
                          .grey = picture_look(image)};
    return embedder.pictures()(image);
  };
  std::optional<IndexedModel> indexed_model;
  PlannedStream stream(pictures, prepare, batch, context.num_threads());
  while (const auto images = stream.next_batch()) {
    Tensor vectors;
    if (!images->images().empty()) {
      vectors = embedder.embed(embedder.encode(images->images(), context), context);
      if (!indexed_model)
        indexed_model = index.put_model(model, static_cast<int>(vectors.shape[1]));
    }
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < images->images().size(); ++i) {
      const std::size_t at = images->images()[i]->index;
      const std::int64_t picture =
          index.put_picture(pictures[at].path, pictures[at].state, facts[at]);
      index.put_vector(picture, *indexed_model, row_of(vectors, i));
      facts[at] = {};
    }
    transaction.commit();
    on_indexed(records_of(*images));
  }
}

void caption_pictures(LibraryIndex& index, const std::string& model,
                      const std::vector<PlannedPicture>& pictures, const Captioner& captioner,
                      std::size_t batch, Context& context, const OnIndexed& on_indexed) {
  std::unordered_map<std::string, std::int64_t> ids;
  for (const search::KnownPicture& known : index.pictures()) ids.emplace(known.path, known.id);
  std::vector<PlannedPicture> indexed;
  for (const PlannedPicture& picture : pictures) {
    if (ids.contains(picture.path)) indexed.push_back(picture);
  }
  const IndexedModel indexed_model = index.put_model(model, 0);
  const auto prepare = [&](const ImageInput& input) { return captioner.pictures()(input.path); };
  PlannedStream stream(indexed, prepare, batch, context.num_threads());
  while (const auto images = stream.next_batch()) {
    const std::vector<Captions> captions = captioner.caption(images->images(), context);
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < images->images().size(); ++i) {
      const std::string& path = indexed[images->images()[i]->index].path;
      index.put_caption(ids.at(path), indexed_model, captions[i].front().text);
    }
    transaction.commit();
    on_indexed(records_of(*images));
  }
}

}  // namespace blip::app
