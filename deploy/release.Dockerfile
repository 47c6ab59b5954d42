# The image of a release, from the programs that were built for it; deploy/Dockerfile builds the same from source.
FROM gcr.io/distroless/static-debian12:nonroot
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/starter $TARGETPLATFORM/worker /usr/local/bin/
EXPOSE 8080 9090 9091
CMD ["starter"]
