/* Every function of blip.h, from C: interface_test CAPTIONING VQA RETRIEVAL CLASSIFIER PHOTO
 * Prints what is wrong, with its line, and exits 1. */
#include <blip.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void expect(int condition, const char* text, int line) {
  if (condition) return;
  fprintf(stderr, "line %d: %s\n", line, text);
  ++failures;
}
#define EXPECT(condition) expect((condition) != 0, #condition, __LINE__)

static void expect_ok(blip_status status, blip_error* error, int line) {
  if (status == BLIP_OK && error == NULL) return;
  fprintf(stderr, "line %d: status %d: %s\n", line, (int)status, blip_error_message(error));
  exit(1);
}
#define OK(call) expect_ok((call), error, __LINE__)

/* The call fails with that status, and its message has the text. */
#define FAILS(call, status, text)                      \
  do {                                                 \
    const blip_status got = (call);                    \
    EXPECT(got == (status));                           \
    EXPECT(blip_error_status(error) == (status));      \
    EXPECT(strstr(blip_error_message(error), (text))); \
    EXPECT(!strchr(blip_error_message(error), '\n'));  \
    blip_error_free(error);                            \
    error = NULL;                                      \
  } while (0)

static blip_error* error = NULL;
static blip_context* context = NULL;
static blip_image* photo = NULL;

static blip_encoded_image* encode(const blip_model* model) {
  blip_encoded_image* encoded = NULL;
  OK(blip_encode_image(model, photo, context, &encoded, &error));
  return encoded;
}

static blip_model* open_model(const char* name) {
  blip_model* model = NULL;
  OK(blip_model_open(name, NULL, &model, &error));
  return model;
}

struct heard {
  char text[4096];
  size_t size;
  int pieces;
};

static void hear(void* user_data, const char* piece, size_t size) {
  struct heard* heard = user_data;
  if (heard->size + size >= sizeof heard->text) abort();
  memcpy(heard->text + heard->size, piece, size);
  heard->size += size;
  ++heard->pieces;
}

static int32_t stop_at_once(void* user_data) {
  ++*(int*)user_data;
  return 1;
}

static void test_captions(const char* name, const char* retrieval_name) {
  blip_model* model = open_model(name);
  EXPECT(strcmp(blip_model_architecture(model), "BlipForConditionalGeneration") == 0);
  EXPECT(blip_model_can(model, BLIP_TASK_CAPTION));
  EXPECT(!blip_model_can(model, BLIP_TASK_ANSWER));
  EXPECT(!blip_model_can(model, BLIP_TASK_MATCH));
  EXPECT(blip_model_embedding_size(model) == 0);
  EXPECT(blip_model_num_labels(model) == 0 && blip_model_label(model, 0) == NULL);

  blip_encoded_image* encoded = encode(model);
  blip_texts* captions = NULL;
  OK(blip_caption(model, encoded, NULL, NULL, context, &captions, &error));
  EXPECT(blip_texts_count(captions) == 1);
  EXPECT(strlen(blip_texts_get(captions, 0)) > 0);
  EXPECT(blip_texts_log_probability(captions, 0) < 0);
  EXPECT(blip_texts_get(captions, 1) == NULL && isnan(blip_texts_log_probability(captions, 1)));

  /* The same text comes in pieces, with a prompt too, and in beam search. */
  for (int beams = 1; beams <= 3; beams += 2) {
    struct heard heard = {.size = 0};
    blip_generation_options options = blip_generation_options_default();
    options.num_beams = beams;
    options.num_return_sequences = beams;
    options.on_text = hear;
    options.user_data = &heard;
    blip_texts* prompted = NULL;
    OK(blip_caption(model, encoded, "a photo of", &options, context, &prompted, &error));
    EXPECT(blip_texts_count(prompted) == (size_t)beams);
    heard.text[heard.size] = '\0';
    EXPECT(strcmp(heard.text, blip_texts_get(prompted, 0)) == 0);
    EXPECT(strncmp(heard.text, "a photo of", 10) == 0);
    EXPECT(heard.pieces > 0);
    blip_texts_free(prompted);
  }

  /* A seed makes sampling repeatable. */
  blip_generation_options sampling = blip_generation_options_default();
  sampling.do_sample = 1;
  sampling.seed = 7;
  blip_texts* once = NULL;
  blip_texts* again = NULL;
  OK(blip_caption(model, encoded, NULL, &sampling, context, &once, &error));
  OK(blip_caption(model, encoded, NULL, &sampling, context, &again, &error));
  EXPECT(strcmp(blip_texts_get(once, 0), blip_texts_get(again, 0)) == 0);
  blip_texts_free(once);
  blip_texts_free(again);

  /* Failures leave the result alone. */
  int asked = 0;
  blip_generation_options cancelled = blip_generation_options_default();
  cancelled.should_cancel = stop_at_once;
  cancelled.user_data = &asked;
  blip_texts* none = NULL;
  FAILS(blip_caption(model, encoded, NULL, &cancelled, context, &none, &error),
        BLIP_ERROR_CANCELLED, "");
  EXPECT(asked == 1 && none == NULL);
  blip_generation_options wrong = blip_generation_options_default();
  wrong.num_beams = 0;
  FAILS(blip_caption(model, encoded, NULL, &wrong, context, &none, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "num_beams");
  FAILS(blip_answer(model, encoded, "what is it?", NULL, context, &none, &error),
        BLIP_ERROR_UNSUPPORTED, "answers no questions");
  FAILS(blip_caption(model, NULL, NULL, NULL, context, &none, &error), BLIP_ERROR_INVALID_ARGUMENT,
        "image is NULL");
  FAILS(blip_caption(NULL, encoded, NULL, NULL, context, &none, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "model is NULL");
  EXPECT(blip_caption(NULL, encoded, NULL, NULL, context, &none, NULL) ==
         BLIP_ERROR_INVALID_ARGUMENT);

  /* Another model's image, and that of the same files opened again. */
  blip_model* other = open_model(retrieval_name);
  blip_model* same = open_model(name);
  blip_encoded_image* of_other = encode(other);
  blip_encoded_image* of_same = encode(same);
  blip_match_result result;
  float embedding[4096];
  const char* text = "a cat";
  FAILS(blip_caption(model, of_other, NULL, NULL, context, &none, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "encoded by another model");
  FAILS(blip_caption(model, of_same, NULL, NULL, context, &none, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "encoded by another model");
  FAILS(blip_match(other, encoded, &text, 1, context, &result, &error), BLIP_ERROR_INVALID_ARGUMENT,
        "encoded by another model, a BlipForConditionalGeneration");
  FAILS(blip_embed_image(other, encoded, context, embedding, &error), BLIP_ERROR_INVALID_ARGUMENT,
        "encoded by another model");
  blip_encoded_image_free(of_other);
  blip_encoded_image_free(of_same);
  blip_model_free(same);
  blip_model_free(model); /* the captions and the image do not need it */
  EXPECT(strlen(blip_texts_get(captions, 0)) > 0);
  blip_texts_free(captions);
  blip_encoded_image_free(encoded);
  blip_model_free(other);
}

static void test_options_of_another_age(const char* name) {
  /* A program that knew struct_size alone, and one that has a field more than the library. */
  struct {
    blip_generation_options known;
    int64_t later;
  } newer = {.known = blip_generation_options_default(), .later = 77};
  newer.known.struct_size = sizeof newer;
  blip_generation_options older = blip_generation_options_default();
  older.num_beams = 0; /* would be refused, but this program does not have the field */
  older.struct_size = offsetof(blip_generation_options, num_beams);
  blip_model* model = open_model(name);
  blip_encoded_image* encoded = encode(model);
  blip_texts* captions = NULL;
  OK(blip_caption(model, encoded, NULL, &newer.known, context, &captions, &error));
  blip_texts_free(captions);
  captions = NULL;
  OK(blip_caption(model, encoded, NULL, &older, context, &captions, &error));
  blip_texts_free(captions);
  captions = NULL;
  blip_generation_options zeroed;
  memset(&zeroed, 0, sizeof zeroed);
  FAILS(blip_caption(model, encoded, NULL, &zeroed, context, &captions, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "struct_size");
  blip_encoded_image_free(encoded);
  blip_model_free(model);
}

static void test_answers(const char* name) {
  blip_model* model = open_model(name);
  EXPECT(blip_model_can(model, BLIP_TASK_ANSWER) && !blip_model_can(model, BLIP_TASK_CAPTION));
  blip_encoded_image* encoded = encode(model);
  struct heard heard = {.size = 0};
  blip_generation_options options = blip_generation_options_default();
  options.on_text = hear;
  options.user_data = &heard;
  blip_texts* answers = NULL;
  OK(blip_answer(model, encoded, "what color is it?", &options, context, &answers, &error));
  heard.text[heard.size] = '\0';
  EXPECT(strcmp(heard.text, blip_texts_get(answers, 0)) == 0);
  blip_texts_free(answers);
  answers = NULL;
  FAILS(blip_answer(model, encoded, NULL, NULL, context, &answers, &error),
        BLIP_ERROR_INVALID_ARGUMENT, "question is NULL");
  FAILS(blip_caption(model, encoded, NULL, NULL, context, &answers, &error), BLIP_ERROR_UNSUPPORTED,
        "writes no captions");
  blip_encoded_image_free(encoded);
  blip_model_free(model);
}

static void test_matching(const char* name) {
  blip_model* model = open_model(name);
  EXPECT(blip_model_can(model, BLIP_TASK_MATCH));
  EXPECT(blip_model_can(model, BLIP_TASK_EMBED_IMAGE));
  EXPECT(blip_model_can(model, BLIP_TASK_EMBED_TEXT));
  const int32_t size = blip_model_embedding_size(model);
  EXPECT(size > 0);

  blip_encoded_image* encoded = encode(model);
  const char* texts[] = {"a cat", "two dogs on a beach"};
  blip_match_result results[2];
  OK(blip_match(model, encoded, texts, 2, context, results, &error));
  float* image = malloc((size_t)size * sizeof *image);
  float* words = malloc(2 * (size_t)size * sizeof *words);
  OK(blip_embed_image(model, encoded, context, image, &error));
  OK(blip_embed_texts(model, texts, 2, context, words, &error));
  for (int text = 0; text < 2; ++text) {
    EXPECT(results[text].itm >= 0 && results[text].itm <= 1);
    double cosine = 0;
    double length = 0;
    for (int i = 0; i < size; ++i) {
      cosine += (double)image[i] * words[text * size + i];
      length += (double)image[i] * image[i];
    }
    EXPECT(fabs(length - 1) < 1e-5);
    EXPECT(fabs(cosine - results[text].itc) < 1e-5);
  }
  OK(blip_match(model, encoded, NULL, 0, context, NULL, &error));
  FAILS(blip_match(model, encoded, NULL, 1, context, results, &error), BLIP_ERROR_INVALID_ARGUMENT,
        "texts is NULL");
  FAILS(blip_classify(model, encoded, context, image, &error), BLIP_ERROR_UNSUPPORTED,
        "tells no classes");

  /* Two images in one pass are those of one each, to the rounding of so small a model. */
  const blip_image* twice[] = {photo, photo};
  blip_encoded_image* both[2] = {NULL, NULL};
  OK(blip_encode_images(model, twice, 2, context, both, &error));
  OK(blip_embed_image(model, both[1], context, words, &error));
  for (int i = 0; i < size; ++i) EXPECT(fabs((double)image[i] - words[i]) < 1e-6);
  blip_encoded_image_free(both[0]);
  blip_encoded_image_free(both[1]);
  free(image);
  free(words);
  blip_encoded_image_free(encoded);
  blip_model_free(model);
}

static void test_classes(const char* name) {
  blip_model* model = open_model(name);
  EXPECT(blip_model_can(model, BLIP_TASK_CLASSIFY));
  const size_t labels = blip_model_num_labels(model);
  EXPECT(labels > 1);
  EXPECT(strlen(blip_model_label(model, labels - 1)) > 0 &&
         blip_model_label(model, labels) == NULL);
  blip_encoded_image* encoded = encode(model);
  float* scores = malloc(labels * sizeof *scores);
  OK(blip_classify(model, encoded, context, scores, &error));
  double sum = 0;
  for (size_t i = 0; i < labels; ++i) sum += scores[i];
  EXPECT(fabs(sum - 1) < 1e-4);
  blip_texts* texts = NULL;
  FAILS(blip_caption(model, encoded, NULL, NULL, context, &texts, &error), BLIP_ERROR_UNSUPPORTED,
        "writes no captions");
  free(scores);
  blip_encoded_image_free(encoded);
  blip_model_free(model);
}

static void test_images(const char* path) {
  blip_image* image = NULL;
  FAILS(blip_image_open("/no/such/photo.jpg", NULL, &image, &error), BLIP_ERROR_NOT_FOUND,
        "/no/such/photo.jpg");
  FAILS(blip_image_decode("not a picture", 13, NULL, &image, &error), BLIP_ERROR_UNSUPPORTED, "");
  FAILS(blip_image_open(path, NULL, NULL, &error), BLIP_ERROR_INVALID_ARGUMENT, "image is NULL");
  blip_image_options small = blip_image_options_default();
  small.max_pixels = 10;
  FAILS(blip_image_open(path, &small, &image, &error), BLIP_ERROR_LIMIT_EXCEEDED, path);

  /* Rows with a gap between them: [2, 2, 3] in rows of 8 bytes. */
  const uint8_t rows[] = {1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12};
  OK(blip_image_from_rgb(rows, 2, 2, 8, &image, &error));
  EXPECT(blip_image_width(image) == 2 && blip_image_height(image) == 2);
  const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT(memcmp(blip_image_pixels(image), expected, sizeof expected) == 0);
  blip_image_free(image);
  image = NULL;
  FAILS(blip_image_from_rgb(rows, 2, 2, 5, &image, &error), BLIP_ERROR_INVALID_ARGUMENT, "stride");
  FAILS(blip_image_from_rgb(rows, 0, 2, 0, &image, &error), BLIP_ERROR_INVALID_ARGUMENT, "width");
}

int main(int argc, char** argv) {
  if (argc != 6) {
    fputs("usage: interface_test CAPTIONING VQA RETRIEVAL CLASSIFIER PHOTO\n", stderr);
    return 2;
  }
  EXPECT(strlen(blip_version()) >= 5);
  EXPECT(blip_c_api_version() == BLIP_C_API_VERSION);
  EXPECT(blip_error_status(NULL) == BLIP_OK && strcmp(blip_error_message(NULL), "") == 0);
  blip_context_options options = blip_context_options_default();
  options.num_threads = -1;
  FAILS(blip_context_new(&options, &context, &error), BLIP_ERROR_INVALID_ARGUMENT, "num_threads");
  options.num_threads = 2;
  OK(blip_context_new(&options, &context, &error));
  EXPECT(blip_context_num_threads(context) == 2);
  OK(blip_image_open(argv[5], NULL, &photo, &error));

  blip_model* none = NULL;
  FAILS(blip_model_open("/no/such/model", NULL, &none, &error), BLIP_ERROR_NOT_FOUND, "/no/such");
  FAILS(blip_model_open(NULL, NULL, &none, &error), BLIP_ERROR_INVALID_ARGUMENT, "model is NULL");

  test_images(argv[5]);
  test_captions(argv[1], argv[3]);
  test_options_of_another_age(argv[1]);
  test_answers(argv[2]);
  test_matching(argv[3]);
  test_classes(argv[4]);

  /* Freeing nothing is allowed. */
  blip_model_free(NULL);
  blip_image_free(NULL);
  blip_encoded_image_free(NULL);
  blip_texts_free(NULL);
  blip_context_free(NULL);
  blip_error_free(NULL);

  blip_image_free(photo);
  blip_context_free(context);
  return failures == 0 ? 0 : 1;
}
